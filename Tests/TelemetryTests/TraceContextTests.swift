import Testing

@testable import Telemetry

@Suite struct TraceContextTests {
    private static let valid = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

    @Test func readsWhatItWrites() throws {
        let context = try #require(TraceContext(traceParent: Self.valid, traceState: "a=1, b=2"))
        #expect("\(context.traceID)" == "4bf92f3577b34da6a3ce929d0e0e4736")
        #expect("\(context.spanID)" == "00f067aa0ba902b7")
        #expect(context.isSampled)
        #expect(context.traceState == "a=1,b=2")
        #expect(context.traceParent == Self.valid)
    }

    @Test func randomOnesAreValidAndDifferent() {
        let contexts = (0..<100).map { _ in
            TraceContext(traceID: .random(), spanID: .random(), isSampled: false)
        }
        #expect(contexts.allSatisfy { TraceContext(traceParent: $0.traceParent) == $0 })
        #expect(Set(contexts.map(\.traceParent)).count == 100)
    }

    /// The examples of the specification, and what its test suite sends.
    @Test(arguments: [
        (Self.valid, true), ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00", true),
        // Flags of later versions are ignored.
        ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-ff", true),
        ("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", true),
        ("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what-the-future-brings", true),
        ("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01.what-the-future", false),
        ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-", false),
        ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more", false),
        ("ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", false),
        ("FF-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", false),
        ("0-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", false),
        ("00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01", false),
        ("00-4bf92f3577b34da6a3ce929d0e0e4736-00F067AA0BA902B7-01", false),
        ("00-00000000000000000000000000000000-00f067aa0ba902b7-01", false),
        ("00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01", false),
        ("00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01", false),
        ("00-4bf92f3577b34da6a3ce929d0e0e47360-0f067aa0ba902b7-01", false),
        ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0", false),
        ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0g", false),
        ("00-4bf92f3577b34da6a3ce929d0e0e473g-00f067aa0ba902b7-01", false),
        ("00_4bf92f3577b34da6a3ce929d0e0e4736_00f067aa0ba902b7_01", false),
        (" 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", false),
        ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\n", false),
        ("00-４bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", false),
        ("", false), ("-", false), ("00", false), ("----", false), ("00---", false),
    ])
    func acceptsOnlyWhatTheSpecificationAllows(text: String, isValid: Bool) {
        #expect((TraceContext(traceParent: text) != nil) == isValid)
    }

    @Test func noByteOfAValidOneCanBeAnything() {
        let bytes = Array(Self.valid.utf8)
        for place in bytes.indices {
            for byte in [UInt8(ascii: "G"), UInt8(ascii: " "), 0, 0x7F, UInt8(ascii: "-"), UInt8(ascii: "f")] {
                var changed = bytes
                changed[place] = byte
                let text = String(decoding: changed, as: UTF8.self)
                guard let context = TraceContext(traceParent: text) else { continue }
                // What is passed on is valid, whatever came in.
                #expect(TraceContext(traceParent: context.traceParent) == context, "\(text)")
                #expect(byte == UInt8(ascii: "f") || byte == bytes[place], "\(text)")
            }
            #expect(TraceContext(traceParent: String(decoding: bytes[..<place], as: UTF8.self)) == nil)
        }
        #expect(TraceContext(traceParent: String(repeating: Self.valid, count: 100_000)) == nil)
    }

    @Test(arguments: [
        ("a=1", "a=1"), ("a=1,b=2", "a=1,b=2"), (" a=1 ,\tb=2 ", "a=1,b=2"), ("a=1,,b=2", "a=1,b=2"),
        ("fw529a3039@dt=FfGRk==", nil), ("fw529a3039@dt=FfGRk", "fw529a3039@dt=FfGRk"), ("0a_-*/=x", "0a_-*/=x"),
        ("a=1,a=2", nil), ("A=1", nil), ("a", nil), ("=1", nil), ("a=", nil), ("a=1\u{0}", nil), ("a=ä", nil),
        ("a=\u{1b}[31m", nil), ("a@b@c=1", nil), ("a=x y", "a=x y"), ("", ""), (",", ""),
    ])
    func aBadStateIsDropped(text: String, passedOn: String?) {
        let context = TraceContext(traceParent: Self.valid, traceState: text)
        #expect(context?.traceState == passedOn ?? "")
        #expect(context != nil)
    }

    @Test func aStateIsBounded() {
        let many = (0..<33).map { "k\($0)=v" }
        #expect(TraceState.valid(many.joined(separator: ",")) == nil)
        #expect(TraceState.valid(many.dropLast().joined(separator: ",")) != nil)
        #expect(TraceState.valid("a=" + String(repeating: "x", count: 257)) == nil)
        #expect(TraceState.valid(String(repeating: "x", count: 257) + "=1") == nil)
        #expect(
            TraceState.valid((0..<3).map { "k\($0)=" + String(repeating: "v", count: 200) }.joined(separator: ","))
                == nil)
    }
}
