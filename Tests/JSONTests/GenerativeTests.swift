import JSON
import TestSupport
import Testing

@Suite struct GenerativeTests {
    @Test(arguments: UInt64(1)...20)
    func readsBackWhateverItWrites(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        for _ in 0..<100 {
            let value = random.value()
            let text = value.serialized()
            let read = try JSON.parse(text)
            #expect(read == value)
            // The same bytes again: order, kinds of numbers and the scalars of strings are all kept.
            #expect(read.serialized() == text)
        }
    }

    @Test(arguments: UInt64(1)...20)
    func readsTheSameWithWhiteSpaceAndEscapesEverywhere(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        for _ in 0..<50 {
            let value = random.value()
            #expect(try JSON.parse(loose(value, &random)) == value)
        }
    }

    /// The value with white space between all tokens, and with the characters of its strings escaped or not by chance.
    private func loose(_ value: JSON, _ random: inout SplitMix64) -> String {
        func space() -> String { random.pick(["", " ", "\n", "\t\r\n", "  "]) }
        switch value {
        case .array(let elements):
            let inner = elements.map { space() + loose($0, &random) + space() }
            return "[" + (inner.isEmpty ? space() : inner.joined(separator: ",")) + "]"
        case .object(let object):
            let inner = object.map { member in
                space() + loose(.string(member.key), &random) + space() + ":" + space() + loose(member.value, &random)
                    + space()
            }
            return "{" + (inner.isEmpty ? space() : inner.joined(separator: ",")) + "}"
        case .string(let text):
            return "\"" + text.unicodeScalars.map { escaped($0, &random) }.joined() + "\""
        default:
            return value.text
        }
    }

    private func escaped(_ scalar: Unicode.Scalar, _ random: inout SplitMix64) -> String {
        let mustEscape = scalar.value < 0x20 || scalar == "\"" || scalar == "\\"
        guard mustEscape || Bool.random(using: &random) else { return String(scalar) }
        let isUppercase = Bool.random(using: &random)
        return String(scalar).utf16.map { unit in
            let digits = String(unit, radix: 16, uppercase: isUppercase)
            return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        }.joined()
    }
}
