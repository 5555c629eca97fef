/// What the results of a server may hold, as far as it matters for where data may go afterwards.
public enum SourceKind: String, Sendable, CaseIterable {
    /// Data that must not get out, such as mail or the records of customers.
    case `private`
    /// Text of strangers, such as web pages or mail, which may hold instructions that mislead a model.
    case untrusted
}
