import Threading

/// The numbers of one family. Each change takes a lock for less than a microsecond.
///
/// The number of series is bounded: further label values are counted as ``other``.
public final class Metric: Sendable {
    /// The label value for what has no series of its own.
    public static let other = "other"
    /// The maximum number of series.
    static let maxSeries = 1000
    /// The maximum length of a label value in bytes.
    static let maxLabel = 128

    /// What is measured.
    public let family: MetricFamily
    private let series = Locked<[[String]: MetricValue]>([:])

    /// A metric without series, or with one of value 0 if its family has no labels.
    public init(_ family: MetricFamily) {
        self.family = family
        if family.labels.isEmpty { series.withLock { $0[[]] = MetricValue(of: family) } }
    }

    /// Adds to a counter or a gauge. A negative amount counts for a gauge only.
    ///
    /// - Parameter labels: the values of the family's labels, in their order.
    public func add(_ amount: Double = 1, _ labels: String...) {
        guard family.kind == .gauge || (family.kind == .counter && amount >= 0) else { return }
        change(labels) { if case .number(let number) = $0 { $0 = .number(number + amount) } }
    }

    /// Sets a gauge.
    public func set(_ value: Double, _ labels: String...) {
        guard family.kind == .gauge else { return }
        change(labels) { $0 = .number(value) }
    }

    /// Adds a value to a histogram; a negative one counts as 0.
    public func observe(_ value: Double, _ labels: String...) {
        guard family.kind == .histogram, !value.isNaN else { return }
        let value = max(value, 0)
        let bucket = family.buckets.firstIndex { value <= $0 } ?? family.buckets.count
        change(labels) { series in
            guard case .histogram(var counts, let sum) = series else { return }
            series = .number(0)
            counts[bucket] += 1
            series = .histogram(counts: counts, sum: sum + value)
        }
    }

    /// Makes a series exist before there is something to count, so that its first increase is seen.
    public func declare(_ labels: String...) {
        change(labels) { _ in }
    }

    /// The series now, in the order of their labels.
    public var snapshot: MetricSnapshot {
        let series = series.withLock { $0 }
        return MetricSnapshot(
            family: family,
            series: series.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map {
                MetricSnapshot.Series(labels: $0.key, value: $0.value)
            })
    }

    private func change(_ labels: [String], _ body: (inout MetricValue) -> Void) {
        guard labels.count == family.labels.count else { return }
        let labels = labels.map { $0.utf8.count <= Self.maxLabel ? $0 : Self.other }
        series.withLock { series in
            let key =
                series[labels] != nil || series.count < Self.maxSeries
                ? labels : labels.map { _ in Self.other }
            body(&series[key, default: MetricValue(of: family)])
        }
    }
}

/// The value of one series.
public enum MetricValue: Sendable, Equatable {
    /// The value of a counter or a gauge.
    case number(Double)
    /// How many values are in each bucket of a histogram, the one above all bounds last, and the sum of all values.
    case histogram(counts: [Int], sum: Double)

    init(of family: MetricFamily) {
        self =
            family.kind == .histogram
            ? .histogram(counts: Array(repeating: 0, count: family.buckets.count + 1), sum: 0) : .number(0)
    }
}
