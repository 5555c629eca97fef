import JSON
import Testing

@testable import ExecMCP

@Suite struct ToolArgumentsTests {
    private func arguments(_ values: JSONObject) -> ToolArguments {
        ToolArguments(values, of: "tool", known: ["a", "b"])
    }

    private func mismatch(_ body: () throws -> Void) -> String? {
        do {
            try body()
            return nil
        } catch {
            return (error as? ToolArguments.MismatchError)?.message ?? "\(error)"
        }
    }

    @Test func passesOverAnArgumentThatTheToolDoesNotKnowWithAWord() {
        #expect(arguments(["a": 1, "b": 2]).remark == nil)
        #expect(arguments(["a": 1, "c": 2]).remark == "tool has no argument c: ignored. It accepts: a, b.")
        #expect(arguments(["A": 1, "c": 2]).remark == "tool has no argument A, c: ignored. It accepts: a, b.")
        let long = String(repeating: "x", count: 10_000)
        #expect((arguments([long: 1]).remark?.count ?? .max) < 200)
        var many = JSONObject()
        for number in 0..<1000 { many["n\(number)"] = 1 }
        #expect(arguments(many).remark == "tool has no argument n0, n1, n2, n3, n4, …: ignored. It accepts: a, b.")
    }

    @Test(arguments: ["description", "reason", "Explanation", "thought", "title"])
    func saysNothingOfWhatOnlyCommentsOnACall(name: String) {
        #expect(arguments(["a": 1, name: "Lists the files"]).remark == nil)
    }

    @Test(arguments: [nil, false, "", [], [:]] as [JSON])
    func saysNothingOfAValueThatSaysNothing(value: JSON) {
        #expect(arguments(["a": 1, "run_in_background": value]).remark == nil)
    }

    @Test func tellsWhatWasPassedOverWhereSomethingIsMissing() {
        #expect(
            mismatch { _ = try arguments(["cmd": "ls"]).string("a") }
                == "tool needs the argument a, a string. tool has no argument cmd: ignored. It accepts: a, b.")
    }

    @Test func takesAString() throws {
        #expect(try arguments(["a": "text"]).string("a") == "text")
        #expect(try arguments(["a": ""]).string("a").isEmpty)
        #expect(mismatch { _ = try arguments([:]).string("a") } == "tool needs the argument a, a string.")
        #expect(mismatch { _ = try arguments(["a": nil]).string("a") } == "tool needs the argument a, a string.")
    }

    @Test(
        arguments: [(1, "an integer"), (true, "a boolean"), ([], "an array"), ([:], "an object")]
            as [(JSON, String)])
    func refusesWhatIsNoString(value: JSON, kind: String) {
        #expect(
            mismatch { _ = try arguments(["a": value]).string("a") }
                == "The argument a of tool must be a string, not \(kind).")
    }

    @Test(
        arguments: [
            (1, 1), (0, 0), (-7, -7), (.double(10.0), 10), (.double(1e300), .max), (.double(-1e300), .min),
            (.null, nil),
            (.integer(.max), .max),
        ] as [(JSON, Int?)])
    func takesAWholeNumberHoweverItIsWritten(value: JSON, number: Int?) throws {
        #expect(try arguments(["a": value]).integer("a") == number)
    }

    @Test(arguments: [(1, 1), (.double(0.5), 0.5), (.double(-1e300), -1e300), (.null, nil)] as [(JSON, Double?)])
    func takesANumber(value: JSON, number: Double?) throws {
        #expect(try arguments(["a": value]).number("a") == number)
    }

    @Test func leavesOutWhatIsNotThere() throws {
        #expect(try arguments([:]).integer("a") == nil)
        #expect(try arguments([:]).number("a") == nil)
    }

    @Test(arguments: [
        ("120", 120), (" 120 ", 120), ("120.0", 120), ("1e2", 100), ("0", 0), ("-3", -3), ("+5", 5), ("\t7\n", 7),
        ("2E+1", 20),
        ("9223372036854775807", .max), ("99999999999999999999", .max), ("-1e300", .min), ("-0", 0),
    ])
    func takesATextThatIsAWholeNumber(text: String, number: Int) throws {
        #expect(try arguments(["a": .string(text)]).integer("a") == number)
        #expect(try arguments(["a": .string(text)]).number("a") != nil)
    }

    @Test(arguments: [("0.5", 0.5), (" 2.50 ", 2.5), ("1e-3", 0.001), ("1e300", 1e300)])
    func takesATextThatIsANumber(text: String, number: Double) throws {
        #expect(try arguments(["a": .string(text)]).number("a") == number)
    }

    @Test(arguments: [
        "", " ", "all", "120s", "2 m", "0x10", "1,5", "1 2", "1_000", "--1", "+-1", "++1", "1e", "1e400", ".", "NaN",
        "Infinity",
        "null", "true",
        "[1]", "\"1\"", "１２０", "1\u{0}", "soon", "\u{FEFF}\u{FEFF}1",
    ])
    func refusesATextThatIsNone(text: String) {
        for body in [
            { _ = try arguments(["a": .string(text)]).integer("a") },
            { _ = try arguments(["a": .string(text)]).number("a") },
        ]
            as [() throws -> Void]
        {
            #expect(mismatch(body)?.contains("not the text \"\(text)\"") == true)
        }
    }

    @Test func showsTheBeginningOfALongText() {
        let long = String(repeating: "9", count: 100_000)
        let message = mismatch { _ = try arguments(["a": .string(long)]).number("a") } ?? ""
        #expect(message.hasSuffix("999…\"."))
        #expect(message.count < 150)
    }

    @Test(arguments: [true, [], [:], .double(0.5)] as [JSON])
    func refusesWhatIsNoWholeNumber(value: JSON) {
        let message = mismatch { _ = try arguments(["a": value]).integer("a") }
        #expect(message == "The argument a of tool must be an integer, not \(value.kindDescription).")
    }

    @Test(arguments: [true, [], [:]] as [JSON])
    func refusesWhatIsNoNumber(value: JSON) {
        let message = mismatch { _ = try arguments(["a": value]).number("a") }
        #expect(message == "The argument a of tool must be a number, not \(value.kindDescription).")
    }
}
