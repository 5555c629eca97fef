import Threading

/// Folds names into a bounded set, for labels.
public final class KnownNames: Sendable {
    private let known: Locked<Set<String>>
    private let limit: Int

    /// Names that keep their own label values.
    ///
    /// - Parameter limit: the maximum number of known names.
    public init(_ names: [String] = [], limit: Int = 100) {
        known = Locked(Set(names.prefix(limit)))
        self.limit = limit
    }

    /// Adds a name, unless the limit is reached.
    public func insert(_ name: String) {
        known.withLock { if $0.count < limit { $0.insert(name) } }
    }

    /// Returns the name if it is known, else ``Metric/other``.
    public func folded(_ name: String) -> String {
        known.withLock { $0.contains(name) } ? name : Metric.other
    }
}
