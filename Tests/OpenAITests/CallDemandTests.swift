import JSON
import Testing

@testable import OpenAI

@Suite struct CallDemandTests {
    private static let person: JSON = [
        "type": "function",
        "function": [
            "name": "Person", "description": "A person",
            "parameters": [
                "type": "object", "properties": ["name": ["type": "string"], "age": ["type": "integer"]],
                "required": ["name", "age"],
            ],
        ],
    ]
    private static let city: JSON = [
        "name": "city", "parameters": ["type": "object", "properties": ["zip": [:]], "required": ["zip"]],
    ]
    private static let both: JSON = [person, city]

    private static func demand(_ choice: JSON = "required", _ tools: JSON = [person]) throws -> CallDemand {
        try #require(try CallDemand(["tool_choice": choice, "tools": tools]))
    }

    /// A `tool_choice` with tools, and the functions that meet it.
    struct Sample: Sendable {
        let choice: JSON
        let tools: JSON
        let names: [String]
        let isNamed: Bool
    }

    @Test(
        arguments: [
            Sample(choice: "required", tools: [person], names: ["Person"], isNamed: false),
            Sample(choice: "any", tools: both, names: ["Person", "city"], isNamed: false),
            Sample(
                choice: "required", tools: [["type": "web_search"], 5, person, person, ["type": "function"]],
                names: ["Person"], isNamed: false),
            Sample(choice: "city", tools: both, names: ["city"], isNamed: true),
            Sample(choice: ["type": "required"], tools: both, names: ["Person", "city"], isNamed: false),
            Sample(
                choice: ["type": "function", "function": ["name": "Person"]], tools: both, names: ["Person"],
                isNamed: true),
            Sample(choice: ["type": "tool", "name": "city"], tools: both, names: ["city"], isNamed: true),
            Sample(choice: ["name": "city"], tools: both, names: ["city"], isNamed: true),
            Sample(
                choice: ["type": "allowed_tools", "allowed_tools": ["mode": "required", "tools": [person]]],
                tools: both, names: ["Person"], isNamed: false),
            Sample(
                choice: ["type": "allowed_tools", "mode": "required", "tools": [["name": "city"]]], tools: both,
                names: ["city"], isNamed: false),
        ])
    func readsWhichFunctionsMeetADemand(_ sample: Sample) throws {
        let demand = try Self.demand(sample.choice, sample.tools)
        #expect(demand.functions.map(\.name) == sample.names)
        #expect(demand.isNamed == sample.isNamed)
        #expect(!demand.isLegacy)
    }

    @Test(arguments: [
        #"{"name": "Ann", "age": 18446744073709551615}"#, #"{"name":"Ann","age":1.10}"#,
        #"{"name":"Ann","age":3,"parts":[{"x":123456789012345678901234567890}]}"#,
    ])
    func keepsTheDigitsOfNumbers(object: String) throws {
        for text in [object, "Here it is:\n```json\n\(object)\n```\n", "\n \(object) \n"] {
            #expect(try Self.demand().call(in: text)?.arguments == object)
        }
        #expect(try Self.demand().call(ChatToolCall(id: "1", name: "Person", arguments: object))?.arguments == object)
    }

    @Test func readsTheOlderForm() throws {
        let functions: JSON = [["name": "f", "description": "does"]]
        let demand = try #require(
            try CallDemand(["function_call": ["name": "f"], "functions": functions, "tool_choice": "auto"]))
        #expect(demand.isLegacy)
        #expect(demand.isNamed)
        #expect(demand.functions.map(\.description) == ["does"])
        #expect(demand.functions.first?.parameters == ["type": "object", "properties": [:]])
    }

    @Test(
        arguments: ["AUTO", "None", " auto ", ["type": "Auto"], ["type": "allowed_tools", "mode": "AUTO"], false, nil]
            as [JSON])
    func anyCaseOfNoDemandIsNone(choice: JSON) throws {
        let request: JSONObject = ["tool_choice": choice, "tools": [["function": ["name": "f"]]]]
        #expect(try CallDemand(request) == nil)
        #expect(try CallDemand(["function_call": choice, "functions": [["name": "f"]]]) == nil)
    }

    @Test(
        arguments: ["REQUIRED", "Any", ["type": "Required"], ["type": "Function", "function": ["name": "f"]], "f"]
            as [JSON])
    func anyCaseOfADemandIsOne(choice: JSON) throws {
        let demand = try CallDemand(["tool_choice": choice, "tools": [["function": ["name": "f"]]]])
        #expect(demand?.functions.map(\.name) == ["f"])
    }

    @Test(arguments: ["required", "any", ["type": "required"]] as [JSON], [nil, [], "none", [:]] as [JSON?])
    func takesForNoDemandWhatOffersNothing(choice: JSON, tools: JSON?) throws {
        var request: JSONObject = ["tool_choice": choice]
        request["tools"] = tools
        #expect(try CallDemand(request) == nil)
        request["function_call"] = ["name": "f"]
        #expect(throws: CallDemand.UnmetError(member: "function_call")) { try CallDemand(request) }
    }

    @Test(
        arguments: [
            #"{"name":"Ann","age":3}"#, " \n {\"name\":\"Ann\",\"age\":3}\n",
            "```json\n{\"name\": \"Ann\", \"age\": 3}\n```", "```\n{\"name\": \"Ann\",\n\"age\": 3}\n```\nDone.",
            #"I looked {well} and found [1]: {"name":"Ann","age":3}. That {is} "it"."#,
            #"For example {"name":"Bob","age":1}; but she is {"name":"Ann","age":3}"#,
            #"{"name":"Ann","age":3} came of {"rows":[1]}"#, #"`{"name":"Ann","age":3}`"#,
            #"{"name":"Person","arguments":{"name":"Ann","age":3}}"#,
            #"{"name":"functions.Person","parameters":{"name":"Ann","age":3}}"#,
            #"{"function":{"name":"Person","arguments":"{\"name\":\"Ann\",\"age\":3}"}}"#,
            #"{"Person":{"name":"Ann","age":3}}"#, #"{"function_name":"Person","arguments":{"name":"Ann","age":3}}"#,
            #"[see below] {"name":"Ann","age":3}"#,
        ])
    func findsTheObjectWhateverStandsAroundIt(text: String) throws {
        let call = try #require(try Self.demand().call(in: text))
        #expect(call.name == "Person")
        #expect(try JSON.parse(call.arguments) == ["name": "Ann", "age": 3])
    }

    @Test(arguments: [
        "", "Ann is 3.", #"[{"name":"Ann","age":3}]"#, #"They are [{"name":"Ann","age":3}]."#, "3", "null",
        #"{"name":"Ann","#, #""{\"name\":1}""#, "{{{{[[[", String(repeating: "{", count: 10_000),
    ])
    func findsNoObjectWhereThereIsNone(text: String) throws {
        #expect(try Self.demand().call(in: text) == nil)
    }

    @Test func leavesItToTheClientWhetherTheObjectFits() throws {
        #expect(try Self.demand().call(in: #"It is {"name": "Ann"}"#)?.arguments == #"{"name":"Ann"}"#)
        #expect(try Self.demand().call(in: "{}")?.arguments == "{}")
    }

    @Test(
        arguments: [
            (#"{"function_name":"city","arguments":{"zip":"1"}}"#, "city"),
            (#"So: {"function_name":"Person","arguments":{"name":"Ann"}}"#, "Person"),
            (#"{"name":"city","arguments":{"zip":"1"}}"#, "city"), (#"{"zip":"1"}"#, "city"),
            (#"{"name":"Ann","age":3}"#, "Person"), (#"{"name":"Ann"}"#, nil),
            (#"{"function_name":"other","arguments":{"zip":"1"}}"#, nil), ("{}", nil),
        ] as [(String, String?)])
    func letsTheModelChooseOfSeveral(text: String, name: String?) throws {
        #expect(try Self.demand("required", Self.both).call(in: text)?.name == name)
    }

    @Test(
        arguments: [
            ("Person", #"{"name":"Ann"}"#, #"{"name":"Ann"}"#), ("functions.person", "{}", "{}"), ("run", "{}", nil),
            ("Person", "[]", nil), ("Person", "Ann", nil),
        ] as [(String, String, String?)])
    func takesWhatTheModelCalledItself(name: String, arguments: String, taken: String?) throws {
        let call = ChatToolCall(id: "1", name: name, arguments: arguments)
        #expect(try Self.demand().call(call)?.arguments == taken)
    }
}
