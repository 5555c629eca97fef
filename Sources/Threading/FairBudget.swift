/// An amount, such as of memory, that is divided among owners so that one of them can't take what the others need.
///
/// What an owner has within ``guaranteed`` only needs to be free. More is at most half of everything, and leaves the last
/// quarter to owners who have less.
public struct FairBudget<Owner: Hashable & Sendable>: Sendable {
    /// Why an amount is not given.
    public enum Refusal: Sendable, Equatable {
        /// The owner has to return some of its own first.
        case ownShare
        /// The amount isn't free.
        case full
    }

    /// The amount that there is.
    public let limit: Int
    /// Up to how much an owner is served before others who have more.
    public let guaranteed: Int
    private var used = 0
    private var shares: [Owner: Int] = [:]

    /// Creates a budget of which nothing is taken.
    public init(limit: Int, guaranteed: Int) {
        self.limit = limit
        self.guaranteed = guaranteed
    }

    /// Takes an amount.
    ///
    /// - Returns: `nil` if it was taken.
    public mutating func take(_ amount: Int, for owner: Owner) -> Refusal? {
        let own = shares[owner, default: 0]
        if amount > guaranteed - own, amount > limit / 2 - own { return .ownShare }
        let kept = amount > guaranteed - own ? limit / 4 : 0
        guard amount <= limit - kept - used else { return .full }
        used += amount
        shares[owner] = own + amount
        return nil
    }

    /// Returns an amount that was taken.
    public mutating func release(_ amount: Int, of owner: Owner) {
        used -= amount
        let left = shares[owner, default: 0] - amount
        shares[owner] = left > 0 ? left : nil
    }
}
