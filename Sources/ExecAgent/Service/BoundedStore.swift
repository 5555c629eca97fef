import Threading

/// Values by name, in memory; limited in number, bytes and age. The one unused for longest is forgotten first, and if its
/// owner has too many, the owner's.
final class BoundedStore<Value: Sendable>: Sendable {
    typealias Instant = ContinuousClock.Instant

    private struct Entry {
        let value: Value
        let bytes: Int
        let owner: String
        var lastUse: Instant
    }

    private struct State {
        var entries: [String: Entry] = [:]

        /// Forgets entries until there is room for one more among those that fit.
        mutating func makeRoom(
            for bytes: Int, _ limits: (count: Int, bytes: Int), among fits: (Entry) -> Bool
        ) {
            let others = entries.filter { fits($0.value) }
            var count = others.count
            var used = others.values.reduce(0) { $0 + $1.bytes }
            guard count >= limits.count || used + bytes > limits.bytes else { return }
            for (name, entry) in others.sorted(by: { $0.value.lastUse < $1.value.lastUse })
            where count >= limits.count || used + bytes > limits.bytes {
                entries[name] = nil
                count -= 1
                used -= entry.bytes
            }
        }
    }

    private let seconds: Double
    private let limits: (count: Int, bytes: Int)
    private let ownerLimits: (count: Int, bytes: Int)?
    private let now: @Sendable () -> Instant
    private let state = Locked(State())

    /// - Parameters:
    ///   - seconds: how long a value stays unused before it is forgotten; 0 to remember none.
    ///   - maxCount: maximum number of values.
    ///   - maxBytes: their maximum total size.
    ///   - ownerLimits: the same for the values of one owner; `nil` if owners have no limits of their own.
    init(
        seconds: Double, maxCount: Int, maxBytes: Int, ownerLimits: (count: Int, bytes: Int)? = nil,
        now: @escaping @Sendable () -> Instant = { ContinuousClock.now }
    ) {
        self.seconds = seconds
        limits = (maxCount, maxBytes)
        self.ownerLimits = ownerLimits
        self.now = now
    }

    /// The number of values.
    var count: Int { state.withLock { $0.entries.count } }

    /// Returns a value; `nil` if the name is unknown.
    ///
    /// - Parameter isUse: whether it is remembered for longer because of this.
    func value(_ name: String, isUse: Bool = false) -> Value? {
        let time = now()
        return state.withLock { state in
            guard let entry = state.entries[name], !isOver(entry, time) else { return nil }
            if isUse { state.entries[name]?.lastUse = time }
            return entry.value
        }
    }

    /// Returns the values that fit.
    func values(where fits: (Value) -> Bool) -> [Value] {
        let time = now()
        return state.withLock { $0.entries.values.filter { !isOver($0, time) }.map(\.value) }.filter(fits)
    }

    /// Stores a value, replacing the earlier one.
    func keep(_ value: Value, bytes: Int, as name: String, of owner: String = "") {
        guard seconds > 0 else { return }
        let time = now()
        state.withLock { state in
            state.entries[name] = nil
            for (other, entry) in state.entries where isOver(entry, time) { state.entries[other] = nil }
            guard bytes <= min(limits.bytes, ownerLimits?.bytes ?? .max), limits.count > 0 else { return }
            if let ownerLimits { state.makeRoom(for: bytes, ownerLimits) { $0.owner == owner } }
            state.makeRoom(for: bytes, limits) { _ in true }
            state.entries[name] = Entry(value: value, bytes: bytes, owner: owner, lastUse: time)
        }
    }

    /// Forgets a value.
    ///
    /// - Returns: whether it was still remembered.
    @discardableResult
    func remove(_ name: String) -> Bool {
        let time = now()
        return state.withLock { state in state.entries.removeValue(forKey: name).map { !isOver($0, time) } ?? false }
    }

    /// Forgets the values that fit.
    ///
    /// - Returns: those that were still remembered.
    @discardableResult
    func remove(where fits: (_ name: String, Value) -> Bool) -> [Value] {
        let time = now()
        return state.withLock { state in
            state.entries.filter { fits($0.key, $0.value.value) }.keys
                .compactMap { state.entries.removeValue(forKey: $0) }.filter { !isOver($0, time) }.map(\.value)
        }
    }

    private func isOver(_ entry: Entry, _ time: Instant) -> Bool {
        entry.lastUse.duration(to: time) / .seconds(1) >= seconds
    }
}
