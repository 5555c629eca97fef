/// A number of bytes in the notation of the engine's command line: `512m`, `1g`.
public struct ByteCount: Sendable, Equatable, CustomStringConvertible {
    private static let units: [(letter: Character, bytes: Int)] = [
        ("g", 1 << 30), ("m", 1 << 20), ("k", 1 << 10), ("b", 1),
    ]

    /// The number of bytes.
    public let bytes: Int

    /// Creates a count of `bytes` bytes.
    public init(bytes: Int) {
        self.bytes = bytes
    }

    /// Parses a whole number with an optional unit b, k, m or g; `nil` for anything else and for zero.
    public init?(_ text: String) {
        let text = text.lowercased()
        let unit = Self.units.first { $0.letter == text.last }
        let digits = unit == nil ? text[...] : text.dropLast()
        guard !digits.isEmpty, digits.allSatisfy({ $0.isASCII && $0.isNumber }), let number = Int(digits) else {
            return nil
        }
        let (bytes, overflow) = number.multipliedReportingOverflow(by: unit?.bytes ?? 1)
        guard bytes > 0, !overflow else { return nil }
        self.bytes = bytes
    }

    /// The number with the largest unit that divides it: `1g`, `1536m`.
    public var description: String {
        let unit = Self.units.first { bytes % $0.bytes == 0 } ?? ("b", 1)
        return unit.letter == "b" ? "\(bytes)" : "\(bytes / unit.bytes)\(unit.letter)"
    }
}
