import JSON
import Testing

@testable import Telemetry

@Suite struct PrometheusTextTests {
    private static let counter = MetricFamily.counter("a_total", "Things, with a \\ and\na line", labels: ["kind"])

    @Test func writesCountersAndGauges() {
        let things = Metric(Self.counter)
        things.add(2, "x")
        things.add(0.5, "y")
        let level = Metric(.gauge("b", "Level"))
        level.set(-1)
        let text = PrometheusText.text(of: [PrometheusText.Part([things.snapshot, level.snapshot])])
        #expect(
            text == """
                # HELP a_total Things, with a \\\\ and\\na line
                # TYPE a_total counter
                a_total{kind="x"} 2
                a_total{kind="y"} 0.5
                # HELP b Level
                # TYPE b gauge
                b -1

                """)
    }

    @Test func writesHistogramsWithTotals() {
        let times = Metric(.histogram("c_seconds", "Time", labels: ["kind"], buckets: [0.25, 1]))
        times.observe(0.1, "x")
        times.observe(0.5, "x")
        times.observe(2, "x")
        let text = PrometheusText.text(of: [PrometheusText.Part([times.snapshot], labels: [("server", "s")])])
        #expect(
            text == """
                # HELP c_seconds Time
                # TYPE c_seconds histogram
                c_seconds_bucket{server="s",kind="x",le="0.25"} 1
                c_seconds_bucket{server="s",kind="x",le="1"} 2
                c_seconds_bucket{server="s",kind="x",le="+Inf"} 3
                c_seconds_sum{server="s",kind="x"} 2.6
                c_seconds_count{server="s",kind="x"} 3

                """)
    }

    @Test func aFamilyOfSeveralPartsStandsOnce() {
        let things = Metric(Self.counter)
        things.add(1, "x")
        let text = PrometheusText.text(
            of: ["one", "two"].map { PrometheusText.Part([things.snapshot], labels: [("server", $0)]) })
        #expect(text.matches(of: /# TYPE a_total/).count == 1)
        #expect(text.contains("a_total{server=\"one\",kind=\"x\"} 1\na_total{server=\"two\",kind=\"x\"} 1\n"))
    }

    @Test func aFamilyWithoutSeriesIsLeftOut() {
        #expect(PrometheusText.text(of: [PrometheusText.Part([Metric(Self.counter).snapshot])]).isEmpty)
    }

    @Test(arguments: [
        ("plain", "plain"), ("a\"b", "a\\\"b"), ("a\\b", "a\\\\b"), ("a\nb", "a\\nb"), ("a\r\u{0}b", "a  b"),
        ("\u{1b}[31m", " [31m"), ("ä", "ä"), ("\\n", "\\\\n"), ("", ""),
    ])
    func escapesLabels(value: String, written: String) {
        #expect(PrometheusText.escaped(label: value) == written)
    }

    @Test(
        arguments: [
            (0, "0"), (3, "3"), (-2, "-2"), (0.5, "0.5"), (.infinity, "+Inf"), (-.infinity, "-Inf"), (.nan, "NaN"),
            (0x1p60, "1.152921504606847e+18"), (1e-9, "1e-09"),
        ] as [(Double, String)])
    func writesNumbersAsGoReadsThem(number: Double, text: String) {
        #expect(PrometheusText.written(number) == text)
    }

    // MARK: - As JSON

    private func parsed(_ snapshots: [MetricSnapshot], of families: [MetricFamily]) -> [MetricSnapshot] {
        MetricsDocument.snapshots(in: try? JSON.parse(MetricsDocument.json(of: snapshots).text), of: families)
    }

    @Test func whatIsReadIsWhatWasWritten() {
        let things = Metric(Self.counter)
        things.add(2.5, "x")
        things.add(7, "y")
        let times = Metric(.histogram("c_seconds", "Time", buckets: [0.25, 1]))
        times.observe(0.5)
        let snapshots = [things.snapshot, times.snapshot]
        #expect(parsed(snapshots, of: snapshots.map(\.family)) == snapshots)
    }

    @Test func anUnknownFamilyIsLeftOut() {
        let things = Metric(Self.counter)
        things.add(1, "x")
        #expect(parsed([things.snapshot], of: [.gauge("b", "Level")]).isEmpty)
    }

    @Test(
        arguments: [
            nil, [], "x", [nil], [["name": "a_total"]], [["name": 7, "series": []]],
            [["name": "a_total", "series": [["labels": ["x"]]]]],
            [["name": "a_total", "series": [["labels": [], "value": 1]]]],
            [["name": "a_total", "series": [["labels": ["x", "y"], "value": 1]]]],
            [["name": "a_total", "series": [["labels": ["x"], "value": "1"]]]],
            [["name": "a_total", "series": [["labels": [1], "value": 1]]]],
            [["name": "c_seconds", "series": [["labels": [], "counts": [1], "sum": 1]]]],
            [["name": "c_seconds", "series": [["labels": [], "counts": [1, -1], "sum": 1]]]],
            [["name": "c_seconds", "series": [["labels": [], "counts": [1, 1]]]]],
            [["name": "c_seconds", "series": [["labels": [], "value": 3]]]],
        ] as [JSON?])
    func whatDoesNotFitIsLeftOut(document: JSON?) {
        let families = [Self.counter, MetricFamily.histogram("c_seconds", "Time", buckets: [1])]
        #expect(MetricsDocument.snapshots(in: document, of: families).flatMap(\.series).isEmpty)
    }

    @Test func thereIsALimitToWhatIsRead() {
        let series = (0..<(MetricsDocument.maxSeries + 10)).map { number -> JSON in
            ["labels": [.string("\(number)")], "value": 1]
        }
        let read = MetricsDocument.snapshots(
            in: [
                ["name": "a_total", "series": .array(series)], ["name": "b", "series": [["labels": [], "value": 1]]],
            ],
            of: [Self.counter, .gauge("b", "Level")])
        #expect(read.flatMap(\.series).count == MetricsDocument.maxSeries)
    }
}
