/// A kind of private value: the first part of its token, such as `email` in `<email-3f9a2c>`.
public struct PrivateDataKind: Sendable, Hashable {
    /// Its name: lowercase letters, digits and `_`, at most ``maxNameLength``.
    public let name: String

    /// Maximum length of a name.
    static let maxNameLength = 20

    /// An email address.
    public static let email = PrivateDataKind(name: "email")
    /// A phone number.
    public static let phone = PrivateDataKind(name: "phone")
    /// A US Social Security number.
    public static let ssn = PrivateDataKind(name: "ssn")
    /// The number of a payment card.
    public static let card = PrivateDataKind(name: "card")
    /// An international bank account number.
    public static let iban = PrivateDataKind(name: "iban")
    /// An IP address.
    public static let ip = PrivateDataKind(name: "ip")

    /// The kinds that are always known.
    public static let builtIn: [PrivateDataKind] = [.email, .phone, .ssn, .card, .iban, .ip]

    /// Whether `name` can be the name of a kind.
    static func isName(_ name: String) -> Bool {
        guard let first = name.utf8.first, (1...maxNameLength).contains(name.utf8.count) else { return false }
        return first.isLowercaseLetter
            && name.utf8.allSatisfy { $0.isLowercaseLetter || $0.isDigit || $0 == UInt8(ascii: "_") }
    }
}
