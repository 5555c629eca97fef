import JSON
import Testing

@Suite struct WriterTests {
    @Test(
        arguments: [
            (nil, "null"), (true, "true"), (false, "false"), (0, "0"), (-1, "-1"), ("a", "\"a\""), ([], "[]"),
            ([:], "{}"), ([1, [2], nil], "[1,[2],null]"), (["b": 1, "a": [:]], #"{"b":1,"a":{}}"#),
            (.integer(.max), "9223372036854775807"), (.integer(.min), "-9223372036854775808"),
        ] as [(JSON, String)])
    func writesOnOneLineWithoutWhiteSpace(value: JSON, text: String) {
        #expect(value.text == text)
        #expect(value.serialized() == Array(text.utf8))
    }

    @Test(arguments: [
        ("/a//b", #""/a//b""#), ("\"\\", #""\"\\""#), ("\n\r\t", #""\n\r\t""#),
        ("\0\u{1}\u{1F}", #""\u0000\u0001\u001f""#), ("\u{08}\u{0C}", #""\u0008\u000c""#), ("\u{7F}", #""\u007f""#),
        ("é日😀\u{2028}", "\"é日😀\u{2028}\""), ("<&'>", #""<&'>""#), ("", #""""#), ("a\nb", #""a\nb""#),
        ("\n", #""\n""#),
    ])
    func escapesWhatItMustAndNothingElse(value: String, text: String) throws {
        #expect(JSON.string(value).text == text)
        #expect(JSON.object([value: 1]).text == "{\(text):1}")
    }

    @Test func writesNoLineBreakAndNoControlCharacter() {
        let all = String(String.UnicodeScalarView((0...0x2FF).compactMap(Unicode.Scalar.init)))
        #expect(JSON.string(all).serialized().allSatisfy { $0 >= 0x20 && $0 != 0x7F })
    }

    @Test(arguments: [
        1.0, -0.0, 0.1, 1e16, 1e22, 1e-7, .leastNonzeroMagnitude, 123456.789, -2.5e-300,
        Double.greatestFiniteMagnitude,
    ])
    func writesADoubleThatIsReadBackTheSame(value: Double) throws {
        guard case .double(let read) = try JSON.parse(JSON.double(value).text) else {
            Issue.record("\(JSON.double(value).text) is not read as a double")
            return
        }
        #expect(read.bitPattern == value.bitPattern)
    }

    @Test(arguments: [Double.infinity, -.infinity, .nan])
    func writesNullForWhatJSONHasNoWordFor(value: Double) {
        #expect(JSON.double(value).text == "null")
    }

    @Test func keepsTheOrderOfMembers() throws {
        let text = #"{"z":1,"a":2,"m":{"y":1,"b":2}}"#
        #expect(try JSON.parse(text).text == text)
    }
}
