import JSON
import Testing

@testable import ExecMCP

@Suite struct ToolArgumentsTests {
    private func arguments(_ values: JSONObject) throws(ToolArguments.Mismatch) -> ToolArguments {
        try ToolArguments(values, of: "tool", known: ["a", "b"])
    }

    private func mismatch(_ body: () throws -> Void) -> String? {
        do {
            try body()
            return nil
        } catch {
            return (error as? ToolArguments.Mismatch)?.message ?? "\(error)"
        }
    }

    @Test func refusesAnArgumentThatTheToolDoesNotKnow() {
        #expect(mismatch { _ = try arguments(["a": 1, "c": 2]) } == "tool has no argument c. It takes: a, b.")
        let long = String(repeating: "x", count: 10_000)
        #expect((mismatch { _ = try arguments([long: 1]) }?.count ?? .max) < 200)
    }

    @Test func takesAString() throws {
        #expect(try arguments(["a": "text"]).string("a") == "text")
        #expect(try arguments(["a": ""]).string("a").isEmpty)
        #expect(mismatch { _ = try arguments([:]).string("a") } == "tool needs the argument a, a string.")
    }

    @Test(
        arguments: [(.null, "null"), (1, "an integer"), (true, "a boolean"), ([], "an array"), ([:], "an object")]
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

    @Test(arguments: ["1", true, [], [:], .double(0.5)] as [JSON])
    func refusesWhatIsNoWholeNumber(value: JSON) {
        let message = mismatch { _ = try arguments(["a": value]).integer("a") }
        #expect(message == "The argument a of tool must be an integer, not \(value.kindDescription).")
    }

    @Test(arguments: ["1", true, [], [:]] as [JSON])
    func refusesWhatIsNoNumber(value: JSON) {
        let message = mismatch { _ = try arguments(["a": value]).number("a") }
        #expect(message == "The argument a of tool must be a number, not \(value.kindDescription).")
    }
}
