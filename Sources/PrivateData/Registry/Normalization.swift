/// What two spellings of one value have in common.
enum Normalization {
    static func normalized(_ value: [UInt8], kind: PrivateDataKind) -> [UInt8] {
        switch kind {
        case .email: withoutEscapes(value).map(\.lowercased)
        case .phone, .ssn, .card: value.filter(\.isDigit)
        case .iban: value.filter(\.isAlphanumeric).map(\.uppercased)
        case .ip: value.map(\.lowercased)
        default: value
        }
    }

    /// With `@` in place of its escapes.
    private static func withoutEscapes(_ value: [UInt8]) -> [UInt8] {
        guard !value.contains(UInt8(ascii: "@")) else { return value }
        var rest = value[...]
        var plain: [UInt8] = []
        while let byte = rest.first {
            let escape = "%\\&".utf8.contains(byte) ? SignEscape.all.first { rest.starts(with: $0) } : nil
            plain.append(escape == nil ? byte : UInt8(ascii: "@"))
            rest.removeFirst(escape?.count ?? 1)
        }
        return plain
    }
}
