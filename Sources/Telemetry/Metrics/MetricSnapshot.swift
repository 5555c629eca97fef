/// The series of a family at one moment.
public struct MetricSnapshot: Sendable, Equatable {
    /// One series.
    public struct Series: Sendable, Equatable {
        /// The values of the family's labels, in their order.
        public let labels: [String]
        /// The value.
        public let value: MetricValue

        /// A series.
        public init(labels: [String], value: MetricValue) {
            self.labels = labels
            self.value = value
        }
    }

    /// What is measured.
    public let family: MetricFamily
    /// The series.
    public let series: [Series]

    /// A snapshot.
    public init(family: MetricFamily, series: [Series]) {
        self.family = family
        self.series = series
    }
}
