/// A key of the service, as `AGENT_API_KEYS` lists it: `KEY`, `USER:KEY` or `*USER:KEY`.
struct APIKey: Sendable, Equatable {
    /// What clients send.
    let text: String
    /// The name of the user whom the key belongs to; see ``UserName``. `nil` if its requests may name any user.
    let user: String?
    /// Whether it gives the operator's view. A key without a user does, because it gives access to every user anyway.
    let isOperator: Bool

    /// Parses an entry. What precedes the first colon is the user if it is a valid name, with `*` before it for an
    /// operator. Any other entry is a key as a whole; an initial colon makes it one.
    init(parsing entry: String) {
        let parts = entry.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else {
            self.init(text: entry, user: nil, isOperator: true)
            return
        }
        let isMarked = parts[0].hasPrefix("*")
        let name = String(isMarked ? parts[0].dropFirst() : parts[0])
        if parts[0].isEmpty {
            self.init(text: String(parts[1]), user: nil, isOperator: true)
        } else if UserName.isValid(name) {
            self.init(text: String(parts[1]), user: name, isOperator: isMarked)
        } else {
            self.init(text: entry, user: nil, isOperator: true)
        }
    }

    private init(text: String, user: String?, isOperator: Bool) {
        self.text = text
        self.user = user
        self.isOperator = isOperator
    }
}
