/// Room that several users share. None of them may take more than what then stays free for others: one alone gets half
/// of it, another one half of the rest.
enum FairShare {
    /// Whether a user may take some of the room.
    ///
    /// - Parameters:
    ///   - size: how much.
    ///   - own: what the user has taken already.
    ///   - taken: what all users have, this one included.
    static func admits(_ size: Int = 1, own: Int, taken: Int, of room: Int) -> Bool {
        taken + size <= room && own <= room - taken - size
    }
}
