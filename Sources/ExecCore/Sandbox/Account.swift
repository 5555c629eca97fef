import Hashing

/// The user and group that a sandbox's code runs under.
///
/// The kernel counts some things per user of the machine, whatever container they are in: inotify instances, epoll
/// watches, pending signals, message queues, locked memory, keys. Under one number for all, a sandbox could take them
/// away from the others, and from the person whose number that is.
package struct Account: Sendable, Hashable {
    /// The lowest number of ``init(of:)``. Below are those of systems, from 1000 on those of people, which are given out
    /// from the bottom.
    static let lowest: UInt32 = 20_000
    /// How many numbers there are for ``init(of:)``. From 60,000 on systemd and Debian have uses of their own, and a
    /// rootless engine has 65,536 in all.
    static let count: UInt32 = 40_000
    /// The one that an image may have made its directories for.
    static let common = Account(user: 1000, group: 1000)

    package let user: UInt32
    package let group: UInt32

    init(user: UInt32, group: UInt32) {
        self.user = user
        self.group = group
    }

    /// The account of a user of the server: always the same one, so that files in volumes stay the user's. Two of a
    /// machine's users may share one by chance; then they share the kernel's counts and nothing else.
    init(of user: UserID) {
        let digits = SHA256.hexDigest(of: user.name).prefix(8)
        let number = Self.lowest + (UInt32(digits, radix: 16) ?? 0) % Self.count
        self.init(user: number, group: number)
    }
}
