/// Whose sandbox it is: a name that is safe in container, volume and label names.
public struct UserID: Hashable, Sendable, CustomStringConvertible {
    /// What a name may look like, as a regular expression, for error messages.
    public static let pattern = "[A-Za-z0-9][A-Za-z0-9_.-]{0,62}"

    /// The name itself.
    public let name: String

    /// Takes `name` if it matches ``pattern``.
    public init?(_ name: String) {
        let bytes = Array(name.utf8)
        guard let first = bytes.first, bytes.count <= 63, Self.isAlphanumeric(first),
            bytes.allSatisfy(Self.isAllowed)
        else { return nil }
        self.name = name
    }

    /// A user that nobody else is, for a trial: what its sandbox leaves behind may be removed.
    public static func trial() -> UserID {
        UserID(trusted: "trial-\(String(UInt64.random(in: 0...UInt64.max), radix: 36))")
    }

    /// - Parameter name: one that matches ``pattern``.
    init(trusted name: String) {
        self.name = name
    }

    /// Whether the byte may stand in a name.
    static func isAllowed(_ byte: UInt8) -> Bool {
        isAlphanumeric(byte) || [UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "-")].contains(byte)
    }

    /// Whether a name may begin with the byte.
    static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: false
        }
    }

    /// The name.
    public var description: String { name }
}
