import Threading

/// What results of one server's tools looked like, for each user on its own: names in results may be data, such as the
/// keys of a table, so that those of one user's results must never reach another.
final class UserShapes: Sendable {
    /// For how many users at once; what was learned for others is read again when they come back.
    private static let maxUsers = 1000

    private let make: @Sendable (String) -> ResultShapes
    private let users = Locked<[String: ResultShapes]>([:])

    /// - Parameter make: returns what was learned of a user's results before.
    init(_ make: @escaping @Sendable (String) -> ResultShapes) {
        self.make = make
    }

    /// Returns what is known of a user's results.
    func of(_ user: String) -> ResultShapes {
        users.withLock { users in
            if let shapes = users[user] { return shapes }
            if users.count >= Self.maxUsers { users = [:] }
            let shapes = make(user)
            users[user] = shapes
            return shapes
        }
    }
}
