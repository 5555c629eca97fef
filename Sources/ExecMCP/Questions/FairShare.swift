/// Room that several users share. Nobody gets a piece with which they would have more than then stays free: with small
/// pieces, one user alone gets half of the room, another one half of the rest.
enum FairShare {
    /// Whether a user may take some of the room.
    ///
    /// - Parameters:
    ///   - size: how much.
    ///   - own: what the user has taken already.
    ///   - taken: what all users have, this one included.
    static func admits(_ size: Int = 1, own: Int, taken: Int, of room: Int) -> Bool {
        own + size <= room - taken - size
    }

    /// The largest piece that anybody gets.
    static func largest(of room: Int) -> Int { room / 2 }
}
