import JSON
import Testing
import YAML

@Suite struct CoreSchemaTests {
    @Test(arguments: ["", "~", "null", "Null", "NULL", "# nothing"])
    func readsNull(text: String) throws {
        #expect(try YAML.parse(text) == nil)
        #expect(try YAML.parse("a: \(text)") == ["a": nil])
        #expect(try YAML.parse("- \(text)") == [nil])
    }

    @Test(arguments: [
        ("true", true), ("True", true), ("TRUE", true), ("false", false), ("False", false), ("FALSE", false),
    ])
    func readsBooleans(text: String, value: Bool) throws {
        #expect(try YAML.parse(text) == .bool(value))
    }

    @Test(arguments: [
        ("0", 0), ("-0", 0), ("+1", 1), ("-19", -19), ("007", 7), ("0o7", 7), ("0o17", 15), ("0x3A", 58),
        ("0xff", 255), ("9007199254740993", 9_007_199_254_740_993), ("9223372036854775807", Int.max),
        ("-9223372036854775808", Int.min), ("0x7fffffffffffffff", Int.max),
    ])
    func readsIntegers(text: String, value: Int) throws {
        #expect(try YAML.parse(text) == .integer(value))
    }

    @Test(arguments: [
        ("1.0", 1), ("1.", 1), (".5", 0.5), ("-.5", -0.5), ("+1.25", 1.25), ("1e3", 1000), ("1E-2", 0.01),
        ("1.e+2", 100), ("-2.5e1", -25), (".5e1", 5), ("0.0", 0), ("9223372036854775808", 9_223_372_036_854_775_808),
        ("0xffffffffffffffff", 18_446_744_073_709_551_616), ("0o7777777777777777777777", 73_786_976_294_838_206_464),
        (".inf", Double.infinity), (".Inf", .infinity), ("+.INF", .infinity), ("-.inf", -.infinity),
        ("1e999", .infinity),
    ])
    func readsOtherNumbers(text: String, value: Double) throws {
        #expect(try YAML.parse(text) == .double(value))
    }

    @Test(arguments: [".nan", ".NaN", ".NAN"])
    func readsNotANumber(text: String) throws {
        #expect(try YAML.parse(text).numberValue?.isNaN == true)
    }

    @Test(arguments: [
        "yes", "no", "on", "off", "y", "n", "Yes", "nULL", "tRUE", "truely", "nil", "none", "2024-01-01", "12:30:45",
        "1_000", "1,000", "0b11", "0o8", "0o", "0x", "0xG", "+0x1", "-0o7", "0o-7", "0o+7", "0x+1", "0x-1", "0X1F",
        "1e", "1e+", "e1", "1.2.3", ".", "..", "+", "-.", "+.", ".e1", "--1", "+-1", "1 2", "1-2", "v1.0", "1.0.0",
        "١", "-.nan", "inf", ".infinity", "true false", "<<", "=",
    ])
    func leavesEverythingElseAString(text: String) throws {
        #expect(try YAML.parse(text) == .string(text))
    }

    @Test(arguments: ["null", "true", "1", "1.5", "0x1f", ".inf", "~", ""])
    func makesWhatIsQuotedOrInABlockAString(text: String) throws {
        #expect(try YAML.parse("'\(text)'") == .string(text))
        #expect(try YAML.parse("\"\(text)\"") == .string(text))
        #expect(try YAML.parse("a: |-\n  \(text)") == ["a": .string(text)])
    }

    @Test func spellsKeysAsTheyWereWritten() throws {
        let value = try YAML.parse("1: a\n1.0: b\ntrue: c\nnull: d\n~: e\n0x1: f\n\"\": g\n")
        #expect(value.objectValue?.keys == ["1", "1.0", "true", "null", "~", "0x1", ""])
        #expect(try YAML.parse("{1: a, true: b}") == ["1": "a", "true": "b"])
    }
}
