import JSON
import Testing

@Suite struct NumberTests {
    @Test(arguments: [
        ("9007199254740993", 9_007_199_254_740_993),
        ("9223372036854775807", Int.max),
        ("-9223372036854775808", Int.min),
        ("-0", 0),
    ])
    func keepsAnIntegerOf64BitsExact(text: String, value: Int) throws {
        #expect(try JSON.parse(text) == .integer(value))
    }

    @Test(arguments: [
        ("9223372036854775808", 9_223_372_036_854_775_808),
        ("-9223372036854775809", -9_223_372_036_854_775_808),
        ("123456789012345678901234567890", 1.2345678901234568e29),
    ])
    func makesALargerIntegerADouble(text: String, value: Double) throws {
        #expect(try JSON.parse(text) == .double(value))
    }

    @Test(arguments: [
        ("1.0", 1), ("1e3", 1000), ("1E+3", 1000), ("25e-1", 2.5), ("0.5", 0.5), ("-0.0", 0), ("0e0", 0),
        ("1e-400", 0), ("5e-324", Double.leastNonzeroMagnitude),
        ("1.7976931348623157e308", Double.greatestFiniteMagnitude),
    ])
    func makesAFractionOrAnExponentADouble(text: String, value: Double) throws {
        #expect(try JSON.parse(text) == .double(value))
        #expect(try JSON.parse(text).integerValue == nil)
        #expect(try JSON.parse(text).numberValue == value)
    }

    @Test func tellsOneFromOnePointZero() throws {
        #expect(try JSON.parse("1.0") != JSON.parse("1"))
        #expect(try JSON.parse("1").text == "1")
        #expect(try JSON.parse("1.0").text == "1.0")
    }

    @Test func aNumberWithItsDigitsIsNoNumberOutOfRange() throws {
        #expect(try JSON.parse("18446744073709551616", .exact).numberValue == 0x1p64)
        #expect(try JSON.parse("1" + String(repeating: "0", count: 400), .exact).numberValue == nil)
    }

    @Test(arguments: ["1e400", "-1e400", "1" + String(repeating: "0", count: 400)])
    func refusesANumberThatIsInfinite(text: String) {
        #expect(parseError(text)?.reason == "number out of range")
    }

    @Test(arguments: [
        "01", "-01", "+1", "1.", ".5", "-", "--1", "1e", "1e+", "1.e3", "0x10", "1_000", "NaN", "Infinity",
        "-Infinity", "1 2", "1,2", "１",
    ])
    func refusesWhatIsNoNumber(text: String) {
        #expect(parseError(text) != nil)
    }
}
