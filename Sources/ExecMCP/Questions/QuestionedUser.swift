import ExecCore

/// The user whose question is put to a legacy client, which may serve several: it isn't told during which call a
/// question is asked.
struct QuestionedUser: Sendable {
    let id: UserID
    /// Whether the client has named the user with the call. Then it may serve several.
    let isNamed: Bool
    /// Whether it is the server's own user.
    let isDefault: Bool

    /// How the question begins, for a client that shows nothing else; empty if the user is the only one.
    var salutation: String { isNamed && !isDefault ? "For the user \(id.name):\n\n" : "" }
}
