import Threading

/// The vaults of all users: one for each, as sandboxes are.
public final class PrivateDataVaults: Sendable {
    /// Most users whose values are kept. Beyond them, those of the one who has been away longest are forgotten: tokens of
    /// that user's session are unknown then.
    static let maxUsers = 1000

    private struct State {
        var vaults: [String: (vault: PrivateDataVault, lastUse: Int)] = [:]
        /// How often a vault was asked for.
        var uses = 0
    }

    /// Which values are replaced.
    public let mode: PrivateDataMode
    private let patterns: [PrivateDataPattern]
    private let capacity: Int
    private let state = Locked(State())

    /// - Parameters:
    ///   - patterns: further kinds of values.
    ///   - capacity: how many values of a user are searched for.
    public init(
        mode: PrivateDataMode, patterns: [PrivateDataPattern] = [],
        capacity: Int = PrivateDataVault.defaultCapacity
    ) {
        self.mode = mode
        self.patterns = patterns
        self.capacity = capacity
    }

    /// Returns the vault of a user, with a key of its own. Ask for it at each call, and keep it no longer: one that isn't
    /// asked for counts as unused.
    public func vault(of user: String) -> PrivateDataVault {
        state.withLock { state in
            state.uses += 1
            if let vault = state.vaults[user]?.vault {
                state.vaults[user]?.lastUse = state.uses
                return vault
            }
            if state.vaults.count >= Self.maxUsers,
                let unused = state.vaults.min(by: { $0.value.lastUse < $1.value.lastUse })?.key
            {
                state.vaults[unused] = nil
            }
            let vault = makeVault(mode)
            state.vaults[user] = (vault, state.uses)
            return vault
        }
    }

    /// Returns a vault that belongs to no user, for what must not be recorded of a request that names no valid one:
    /// recognizes values by their form.
    public func vaultOfNobody() -> PrivateDataVault { makeVault(.all) }

    private func makeVault(_ mode: PrivateDataMode) -> PrivateDataVault {
        PrivateDataVault(
            mode: mode, key: (0..<32).map { _ in UInt8.random(in: 0...255) }, patterns: patterns, capacity: capacity)
    }
}
