public import JSON

/// Snapshots as JSON, as exec-mcp hands them to exec-agent.
///
/// The reader knows the families: what it doesn't know, or what doesn't fit its family, is left out.
public enum MetricsDocument {
    /// The maximum number of series that are read.
    static let maxSeries = 5000

    /// Returns the snapshots as JSON.
    public static func json(of snapshots: [MetricSnapshot]) -> JSON {
        .array(
            snapshots.map { snapshot in
                [
                    "name": .string(snapshot.family.name),
                    "series": .array(snapshot.series.map { .object(members(of: $0)) }),
                ]
            })
    }

    private static func members(of series: MetricSnapshot.Series) -> JSONObject {
        let labels = JSON.array(series.labels.map(JSON.string))
        return switch series.value {
        case .number(let number): ["labels": labels, "value": .double(number)]
        case .histogram(let counts, let sum):
            ["labels": labels, "counts": .array(counts.map(JSON.integer)), "sum": .double(sum)]
        }
    }

    /// Reads snapshots of known families.
    ///
    /// - Parameter value: untrusted.
    public static func snapshots(in value: JSON?, of families: [MetricFamily]) -> [MetricSnapshot] {
        let known = Dictionary(families.map { ($0.name, $0) }) { first, _ in first }
        var left = maxSeries
        var seen: Set<String> = []
        var snapshots: [MetricSnapshot] = []
        for entry in value?.arrayValue ?? [] {
            guard left > 0 else { break }
            guard let name = entry["name"]?.stringValue, let family = known[name], seen.insert(name).inserted,
                let listed = entry["series"]?.arrayValue
            else { continue }
            var labels: Set<[String]> = []
            let series = listed.prefix(left).compactMap { Self.series(in: $0, of: family) }
                .filter { labels.insert($0.labels).inserted }
            left -= series.count
            snapshots.append(MetricSnapshot(family: family, series: series))
        }
        return snapshots
    }

    private static func series(in value: JSON, of family: MetricFamily) -> MetricSnapshot.Series? {
        let labels = (value["labels"]?.arrayValue ?? []).compactMap(\.stringValue)
        guard labels.count == family.labels.count, labels.allSatisfy({ $0.utf8.count <= Metric.maxLabel }) else {
            return nil
        }
        guard family.kind == .histogram else {
            return value["value"]?.numberValue.flatMap { $0.isFinite ? $0 : nil }.map {
                MetricSnapshot.Series(labels: labels, value: .number($0))
            }
        }
        let counts = (value["counts"]?.arrayValue ?? []).compactMap(\.integerValue)
        // So that no sum of them overflows.
        guard counts.count == family.buckets.count + 1, counts.allSatisfy({ 0..<(1 << 53) ~= $0 }),
            let sum = value["sum"]?.numberValue, sum.isFinite
        else { return nil }
        return MetricSnapshot.Series(labels: labels, value: .histogram(counts: counts, sum: sum))
    }
}
