/// Room that several users share. A user that has taken more than would stay free gets no more: with small pieces, one
/// alone gets half of it, another one half of the rest. The first piece of a user may be of any size that fits.
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
