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

    /// With `%40` as the sign that it stands for.
    private static func withoutEscapes(_ value: [UInt8]) -> [UInt8] {
        guard !value.contains(UInt8(ascii: "@")) else { return value }
        var rest = value[...]
        var plain: [UInt8] = []
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%"), rest.starts(with: "40".utf8) else {
                plain.append(byte)
                continue
            }
            plain.append(UInt8(ascii: "@"))
            rest.removeFirst(2)
        }
        return plain
    }
}
