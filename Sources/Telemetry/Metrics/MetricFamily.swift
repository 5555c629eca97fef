/// What is measured: a name, its meaning, and what tells its series apart.
public struct MetricFamily: Sendable, Equatable {
    /// What the numbers mean.
    public enum Kind: String, Sendable {
        /// Only grows while the process runs.
        case counter
        /// Goes up and down.
        case gauge
        /// Counts of observed values by their upper bounds.
        case histogram
    }

    /// Upper bounds in seconds for what takes from milliseconds to minutes.
    public static let seconds: [Double] = [
        0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800,
    ]

    /// The name, as Prometheus wants it: with the unit, and `_total` at the end of a counter.
    public let name: String
    /// What the numbers mean.
    public let kind: Kind
    /// What is measured, in a sentence without its full stop.
    public let help: String
    /// The names of the labels.
    public let labels: [String]
    /// The upper bounds of a histogram's buckets, ascending; empty for other kinds.
    public let buckets: [Double]

    /// A counter.
    public static func counter(_ name: String, _ help: String, labels: [String] = []) -> MetricFamily {
        MetricFamily(name: name, kind: .counter, help: help, labels: labels, buckets: [])
    }

    /// A gauge.
    public static func gauge(_ name: String, _ help: String, labels: [String] = []) -> MetricFamily {
        MetricFamily(name: name, kind: .gauge, help: help, labels: labels, buckets: [])
    }

    /// A histogram of durations.
    public static func histogram(
        _ name: String, _ help: String, labels: [String] = [], buckets: [Double] = seconds
    ) -> MetricFamily {
        MetricFamily(name: name, kind: .histogram, help: help, labels: labels, buckets: buckets)
    }

    private init(name: String, kind: Kind, help: String, labels: [String], buckets: [Double]) {
        self.name = name
        self.kind = kind
        self.help = help
        self.labels = labels
        self.buckets = buckets
    }
}
