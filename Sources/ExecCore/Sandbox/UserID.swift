/// A user, who owns one sandbox. The name is safe in container, volume and label names.
public struct UserID: Hashable, Sendable, CustomStringConvertible {
    /// The form of a name as a regular expression, for error messages.
    public static let pattern = "[A-Za-z0-9][A-Za-z0-9_.-]{0,62}"

    /// The name itself.
    public let name: String

    /// Accepts `name` only if it matches ``pattern``.
    public init?(_ name: String) {
        let bytes = Array(name.utf8)
        guard let first = bytes.first, bytes.count <= 63, Self.isAlphanumeric(first),
            bytes.allSatisfy(Self.isAllowed)
        else { return nil }
        self.name = name
    }

    /// Creates a unique user for a test run, whose leftovers may be removed.
    public static func trial() -> UserID {
        UserID(trusted: "trial-\(String(UInt64.random(in: 0...UInt64.max), radix: 36))")
    }

    /// - Parameter name: must match ``pattern``.
    init(trusted name: String) {
        self.name = name
    }

    /// Whether a name may contain the byte.
    static func isAllowed(_ byte: UInt8) -> Bool {
        isAlphanumeric(byte) || [UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "-")].contains(byte)
    }

    /// Whether a name may start with the byte.
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
