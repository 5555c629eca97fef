import ExecCore
import TestSupport
import Testing

@Suite struct TruncatedStreamTests {
    private static let notice = "[… 12 bytes left out: the whole stdout, 99 bytes, is in /output/0001-stdout.txt …]\n"

    @Test(arguments: [
        ("a\nb", [TruncatedStream.Part.text("a\nb")]),
        ("a\n\(notice)b\n", [.text("a"), .notice("\n\(notice)"), .text("b\n")]),
        ("\(notice)b", [.text(""), .notice(notice), .text("b")]),
        ("a\n\(notice)", [.text("a"), .notice("\n\(notice)"), .text("")]),
        ("a\r\n\(notice)b\r\nc", [.text("a\r"), .notice("\n\(notice)"), .text("b\r\nc")]),
        ("[… 12 characters were drawn over: x …]\n", [.text("[… 12 characters were drawn over: x …]\n")]),
        ("x [… 1 bytes left out: y …]", [.text("x [… 1 bytes left out: y …]")]),
    ]) func aStreamIsTakenApartAtWhatWasLeftOut(_ stream: String, _ parts: [TruncatedStream.Part]) {
        #expect(TruncatedStream.parts(of: stream) == parts)
    }

    @Test func thePartsTogetherAreTheStream() {
        let stream = "a\n\(Self.notice)b\n\(Self.notice)\n\nc"
        let joined = TruncatedStream.parts(of: stream).map { part in
            switch part {
            case .text(let text), .notice(let text): text
            }
        }.joined()
        #expect(joined == stream)
    }
}
