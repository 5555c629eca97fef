import BridgeModulesTestSupport
import JSON
import MCP
import Testing

@testable import BridgeModules

@Suite struct ToolFunctionTests {
    private static func function(_ tool: Tool, policy: String = "", seen: ResultShape? = nil) -> ToolFunction {
        ToolFunction(tool, python: tool.name, policy: policy, seen: seen)
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let input: JSON
        var output: JSON?
        let signature: String

        var testDescription: String { signature }
    }

    private static func wrapper(_ title: String, _ more: JSONObject = [:]) -> JSON {
        var schema: JSONObject = [
            "properties": ["result": ["title": "Result", "type": "integer"]], "required": ["result"],
            "title": .string(title), "type": "object",
        ]
        for member in more { schema[member.key] = member.value }
        return .object(schema)
    }

    @Test(arguments: [
        Case(input: ["type": "object", "properties": [:]], signature: "f()"),
        Case(input: ["type": "object"], signature: "f(**arguments)"),
        Case(input: ["type": "object", "additionalProperties": false], signature: "f()"),
        Case(input: ["type": "object", "properties": [:], "additionalProperties": true], signature: "f(**arguments)"),
        Case(input: ["additionalProperties": ["type": "string"]], signature: "f(**arguments)"),
        Case(input: [:], signature: "f(**arguments)"), Case(input: true, signature: "f(**arguments)"),
        Case(input: 5, signature: "f(**arguments)"),
        Case(input: ["$ref": "#/$defs/none"], signature: "f(**arguments)"),
        Case(input: ["type": "object", "properties": 5], signature: "f(**arguments)"),
        Case(
            input: ["properties": ["a": ["type": "string"]], "required": ["a"], "additionalProperties": true],
            signature: "f(a: str)"),
        Case(
            input: ["properties": ["b": ["type": "integer"], "a": ["type": "string"]], "required": ["a"]],
            signature: "f(a: str, *, b: int = ...)"),
        Case(
            input: [
                "properties": ["c": [:], "b": ["type": "integer"], "a": ["type": "string"]], "required": ["a", "b"],
            ],
            signature: "f(*, b: int, a: str, c: Any = ...)"),
        Case(
            input: ["properties": ["n": ["type": "integer", "default": 5]]], signature: "f(*, n: int = ...)"),
        Case(input: ["properties": ["a": ["required": true, "type": "string"]]], signature: "f(a: str)"),
        Case(
            input: ["properties": ["in-put": ["type": "string"], "class": [:], "search": [:]]],
            signature: "f(*, in_put: str = ..., class_: Any = ..., search: Any = ...)"),
        // Combined schemas.
        Case(
            input: ["allOf": [["properties": ["a": true], "required": ["a"]], ["properties": ["b": true]]]],
            signature: "f(a: Any, *, b: Any = ...)"),
        Case(
            input: [
                "oneOf": [
                    ["properties": ["a": true], "required": ["a"]], ["properties": ["b": true], "required": ["b"]],
                ]
            ],
            signature: "f(*, a: Any = ..., b: Any = ...)"),
        Case(
            input: [
                "$ref": "#/$defs/in",
                "$defs": ["in": ["properties": ["a": ["$ref": "#/$defs/x"]]], "x": ["type": "integer"]],
            ],
            signature: "f(*, a: int = ...)"),
        Case(input: ["$ref": "#"], signature: "f()"),
        // Results.
        Case(input: ["properties": [:]], output: ["type": "object"], signature: "f() -> dict"),
        Case(
            input: ["properties": [:]],
            output: [
                "properties": ["result": ["type": "array", "items": ["type": "string"]]], "x-fastmcp-wrap-result": true,
            ], signature: "f() -> list[str]"),
        Case(
            input: ["properties": [:]], output: ["properties": ["result": ["type": "array"]]], signature: "f() -> dict"),
        // What the official Python SDK makes for a function that returns no object, and what only looks like it.
        Case(input: ["properties": [:]], output: wrapper("fOutput"), signature: "f() -> int"),
        Case(input: ["properties": [:]], output: wrapper("my_fOutput", ["$defs": [:]]), signature: "f() -> int"),
        Case(input: ["properties": [:]], output: wrapper("ReportOutput"), signature: "f() -> dict"),
        Case(input: ["properties": [:]], output: wrapper("Output"), signature: "f() -> dict"),
        Case(input: ["properties": [:]], output: wrapper("f"), signature: "f() -> dict"),
        Case(input: ["properties": [:]], output: wrapper("fOutput", ["description": "x"]), signature: "f() -> dict"),
        Case(input: ["properties": [:]], output: wrapper("fOutput", ["required": []]), signature: "f() -> dict"),
        Case(input: ["properties": [:]], output: "broken", signature: "f() -> Any"),
    ])
    func aSchemaBecomesASignature(_ sample: Case) {
        let function = Self.function(Tool(named: "f", input: sample.input, output: sample.output))
        #expect(function.signature == sample.signature)
    }

    @Test func documentationFollowsTheOrderOfReading() {
        let tool = Tool(
            named: "order_create",
            description: "Creates an order. Charges nothing.\nIn one step.\n\nLimits:\n  - 10 lines\n",
            input: [
                "required": ["customer-id", "lines"],
                "properties": [
                    "customer-id": ["type": "string", "description": "who buys", "pattern": "^C"],
                    "lines": [
                        "type": "array", "minItems": 1,
                        "items": [
                            "type": "object", "required": ["sku"],
                            "properties": ["sku": ["type": "string"], "qty": ["type": "integer"]],
                        ],
                    ],
                    "priority": [
                        "type": "integer", "minimum": 0, "maximum": 9, "default": 5, "description": "Urgency!",
                    ],
                    "tag": ["enum": .array((0..<30).map { .string("tag\($0)") }), "deprecated": true],
                    "note": ["type": "string", "examples": ["fragile", nil], "format": "markdown"],
                ],
            ],
            output: ["type": "object", "properties": ["order_id": ["type": "string"]], "required": ["order_id"]],
            annotations: ["readOnlyHint": false, "destructiveHint": false, "openWorldHint": false])
        #expect(
            Self.function(tool, policy: "runs without asking").docstring == """
                order_create(*, customer_id: str, lines: list[dict], priority: int = ..., tag: str = ..., note: str = ...) -> dict

                Creates an order. Charges nothing.
                In one step.

                Args:
                    customer_id: who buys. Named "customer-id" in the schema. Pattern ^C.
                    lines: [{sku: str, qty?: int}]. Minimum count 1.
                    priority: Urgency! At least 0, at most 9. Default: 5.
                    tag: One of "tag0", "tag1", "tag2", "tag3", "tag4", "tag5", "tag6", "tag7", "tag8", "tag9", "tag10", \
                "tag11", "tag12", "tag13", "tag14", "tag15", "tag16", "tag17", "tag18", "tag19", and 10 more. Deprecated.
                    note: Format markdown. Examples: "fragile", None.

                Returns: dict
                    {order_id: str}

                Hints of the server: changes something, not destructive, local only

                Policy: runs without asking

                Notes:
                    Limits:
                      - 10 lines
                """)
    }

    @Test func aToolWithoutOutputSchemaSaysWhatWasSeen() {
        let tool = Tool(named: "f")
        #expect(Self.function(tool).docstring == "f()\n\nReturns: not declared")
        let seen = ResultShape(["order_id": "x", "items": [["a": 1]]])
        #expect(
            Self.function(tool, seen: seen).docstring
                == "f()\n\nReturns: not declared; seen: {order_id: str, items: [{a: int}]}")
    }

    @Test func aLongUnionIsShownInTheDocumentation() {
        let types: [JSON] = (0..<7).map { number in
            (0..<number).reduce(["type": "integer"]) { schema, _ in ["type": "array", "items": schema] }
        }
        let function = Self.function(Tool(named: "f", ["x": ["anyOf": .array(types)]]))
        #expect(function.signature == "f(*, x: Any = ...)")
        #expect(function.docstring.contains("x: Any of int; list[int]; list[list[int]];"))
    }

    @Test func hiddenTextIsSpelledOut() {
        let tool = Tool(named: "f", description: "Adds\u{E0049}\u{E0047} two.\u{200B}\n\u{202E}More\u{7}")
        let docstring = Self.function(tool).docstring
        #expect(docstring.hasPrefix("f()\n\nAdds\\U000e0049\\U000e0047 two.\\u200b\n\\u202eMore\\x07\n"))
    }

    @Test(arguments: [
        ("Adds two numbers. Fast.", "Adds two numbers"), ("Adds two numbers", "Adds two numbers"),
        ("Lists files, e.g. in /tmp. Sorted.", "Lists files, e.g. in /tmp"), ("Really? Yes.", "Really?"),
        ("Reads v1.2 files. Only.", "Reads v1.2 files"),
        ("First line\nsecond line.\n\nMore.", "First line second line"),
        ("", ""), ("  \n\n", ""), ("\n\nLate start.", "Late start"), ("ファイルを読む。次。", "ファイルを読む。"),
        ("Wait...", "Wait..."),
    ])
    func theSummaryIsTheFirstSentence(description: String, summary: String) {
        #expect(Self.function(Tool(named: "f", description: description)).summary == summary)
    }

    @Test func everythingIsBounded() {
        var properties = JSONObject()
        for number in 0..<3_000 {
            properties["parameter_\(number)"] = [
                "type": "string", "description": .string(String(repeating: "d ", count: 2_000)),
            ]
        }
        let text = String(repeating: "Long sentence without an end ", count: 50_000)
        let tool = Tool(
            named: "f", description: text + "\n\n" + text, input: ["properties": .object(properties)],
            output: ["description": .string(text), "properties": .object(properties)])
        let function = Self.function(tool, policy: text)
        #expect(function.docstring.unicodeScalars.count <= 6_000)
        #expect(function.docstring.contains("… "))
        #expect(function.signature.utf8.count <= 1_600)
        #expect(function.signature.contains(", …)"))
        #expect(function.summary.unicodeScalars.count <= 120)
        #expect(function.parameters.count == 1_000)
    }

    @Test func onlyTheFirstFaultIsNamed() {
        let module = ServerModule(
            "s",
            [
                Tool(named: "a\u{1B}[31m", ["x": ["type": "nonsense"], "y": 5]),
                Tool(named: "b", ["x": ["type": "string"]]),
            ])
        #expect(module.faults == ["a\\x1b[31m: type names no type of JSON; its type is Any there"])
    }
}
