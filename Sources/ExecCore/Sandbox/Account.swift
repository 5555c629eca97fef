import Hashing

/// The user and group that a sandbox's code runs under.
///
/// The kernel counts some resources per user of the machine, across containers: inotify instances, epoll watches,
/// pending signals, message queues, locked memory, keys. If all sandboxes shared one user id, one of them could
/// exhaust these for the others, and for the person whose id it is.
package struct Account: Sendable, Hashable {
    /// The lowest id that ``init(of:)`` returns. Lower ids belong to the system or, from 1000 on, to people, and are
    /// assigned from the bottom.
    static let lowest: UInt32 = 20_000
    /// The number of ids that ``init(of:)`` can return. systemd and Debian use ids from 60,000 on, and a rootless
    /// engine has 65,536 in all.
    static let count: UInt32 = 40_000
    /// The account that an image may have created its directories for.
    static let common = Account(user: 1000, group: 1000)

    package let user: UInt32
    package let group: UInt32

    init(user: UInt32, group: UInt32) {
        self.user = user
        self.group = group
    }

    /// Derives the account of a user of the server. It is always the same, so that files in volumes stay the user's.
    /// Two users of a machine may collide; they then share the kernel's per-user counts and nothing else.
    init(of user: UserID) {
        self.init(derivedFrom: user.name)
    }

    /// Derives the account of all sandboxes of a cluster's pool, whose pods are there before it is known whose they will
    /// be.
    init(ofPool name: String) {
        // No user is called so.
        self.init(derivedFrom: "pool \(name)")
    }

    private init(derivedFrom text: String) {
        let digits = SHA256.hexDigest(of: text).prefix(8)
        let number = Self.lowest + (UInt32(digits, radix: 16) ?? 0) % Self.count
        self.init(user: number, group: number)
    }
}
