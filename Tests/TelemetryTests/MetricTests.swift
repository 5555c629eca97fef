import Testing

@testable import Telemetry

@Suite struct MetricTests {
    private static let counter = MetricFamily.counter("a_total", "Things", labels: ["kind"])

    private func value(_ metric: Metric, _ labels: String...) -> MetricValue? {
        metric.snapshot.series.first { $0.labels == labels }?.value
    }

    @Test func aCounterOnlyGrows() {
        let metric = Metric(Self.counter)
        metric.add(1, "x")
        metric.add(2, "x")
        metric.add(-5, "x")
        metric.set(100, "x")
        metric.observe(3, "x")
        #expect(value(metric, "x") == .number(3))
    }

    @Test func aGaugeGoesUpAndDown() {
        let metric = Metric(.gauge("b", "Things"))
        metric.add(2)
        metric.add(-3)
        #expect(value(metric) == .number(-1))
        metric.set(7)
        #expect(value(metric) == .number(7))
    }

    @Test func aFamilyWithoutLabelsIsThereFromTheStart() {
        #expect(Metric(.gauge("b", "Things")).snapshot.series.count == 1)
        #expect(Metric(Self.counter).snapshot.series.isEmpty)
    }

    @Test func aDeclaredSeriesIsZero() {
        let metric = Metric(Self.counter)
        metric.declare("x")
        #expect(value(metric, "x") == .number(0))
        metric.add(1, "x")
        metric.declare("x")
        #expect(value(metric, "x") == .number(1))
    }

    @Test func aValueIsInTheFirstBucketThatHoldsIt() {
        let metric = Metric(.histogram("c_seconds", "Time", buckets: [0.1, 1]))
        for seconds in [0, 0.1, 0.100001, 1, 1.5, .infinity, -3, .nan] { metric.observe(seconds) }
        guard case .histogram(let counts, let sum)? = value(metric) else {
            Issue.record("not a histogram")
            return
        }
        // A negative time, as of a clock that was set, is none; something that isn't a number isn't counted.
        #expect(counts == [3, 2, 2])
        #expect(sum == .infinity)
    }

    @Test func labelsThatDoNotFitTheFamilyAreIgnored() {
        let metric = Metric(Self.counter)
        metric.add(1)
        metric.add(1, "x", "y")
        #expect(metric.snapshot.series.isEmpty)
    }

    @Test func thereIsALimitToSeries() {
        let metric = Metric(Self.counter)
        for number in 0..<(Metric.maxSeries + 50) { metric.add(1, "\(number)") }
        #expect(metric.snapshot.series.count == Metric.maxSeries + 1)
        #expect(value(metric, Metric.other) == .number(50))
        // A known series still counts.
        metric.add(1, "0")
        #expect(value(metric, "0") == .number(2))
    }

    @Test func aLongLabelIsNotKept() {
        let metric = Metric(Self.counter)
        metric.add(1, String(repeating: "x", count: Metric.maxLabel + 1))
        #expect(value(metric, Metric.other) == .number(1))
    }

    @Test func concurrentChangesAreAllCounted() async {
        let metric = Metric(Self.counter)
        let times = Metric(.histogram("c_seconds", "Time", buckets: [1]))
        await withTaskGroup(of: Void.self) { group in
            for task in 0..<8 {
                group.addTask {
                    for _ in 0..<1000 {
                        metric.add(1, "\(task % 2)")
                        times.observe(0.5)
                    }
                }
            }
        }
        #expect(value(metric, "0") == .number(4000))
        #expect(value(metric, "1") == .number(4000))
        #expect(value(times) == .histogram(counts: [8000, 0], sum: 4000))
    }

    @Test func namesThatAreNotKnownAreFolded() {
        let names = KnownNames(["a"], limit: 2)
        names.insert("b")
        names.insert("c")
        #expect(["a", "b", "c", "; DROP"].map(names.folded) == ["a", "b", "other", "other"])
    }
}
