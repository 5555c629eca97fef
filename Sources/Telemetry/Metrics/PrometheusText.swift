/// Prometheus's text format, version 0.0.4.
public enum PrometheusText {
    /// The media type of the text.
    public static let mediaType = "text/plain; version=0.0.4; charset=utf-8"

    /// Snapshots, and labels that all their series get in addition to their own.
    public struct Part: Sendable {
        /// The snapshots.
        public let snapshots: [MetricSnapshot]
        /// The names and values of the labels.
        public let labels: [(name: String, value: String)]

        /// A part.
        public init(_ snapshots: [MetricSnapshot], labels: [(name: String, value: String)] = []) {
            self.snapshots = snapshots
            self.labels = labels
        }
    }

    /// Returns the text of the families, each once, in the order in which they come first.
    public static func text(of parts: [Part]) -> String {
        var order: [MetricFamily] = []
        var lines: [String: String] = [:]
        for part in parts {
            for snapshot in part.snapshots where !snapshot.series.isEmpty {
                let family = snapshot.family
                if lines[family.name] == nil { order.append(family) }
                for series in snapshot.series {
                    lines[family.name, default: ""] += text(of: series, family, part.labels)
                }
            }
        }
        return order.map { family in
            """
            # HELP \(family.name) \(escaped(family.help, quotes: false))
            # TYPE \(family.name) \(family.kind.rawValue)
            \(lines[family.name] ?? "")
            """
        }.joined()
    }

    private static func text(
        of series: MetricSnapshot.Series, _ family: MetricFamily, _ extra: [(name: String, value: String)]
    ) -> String {
        let labels = extra + zip(family.labels, series.labels).map { (name: $0, value: $1) }
        switch series.value {
        case .number(let number): return "\(family.name)\(written(labels)) \(written(number))\n"
        case .histogram(let counts, let sum):
            var text = ""
            var total = 0
            for (count, bound) in zip(counts, family.buckets + [.infinity]) {
                total += count
                text += "\(family.name)_bucket\(written(labels + [("le", written(bound))])) \(total)\n"
            }
            text += "\(family.name)_sum\(written(labels)) \(written(sum))\n"
            return text + "\(family.name)_count\(written(labels)) \(total)\n"
        }
    }

    private static func written(_ labels: [(name: String, value: String)]) -> String {
        guard !labels.isEmpty else { return "" }
        return "{" + labels.map { "\($0.name)=\"\(escaped(label: $0.value))\"" }.joined(separator: ",") + "}"
    }

    /// Returns a number as Go reads it; a whole one without a fraction.
    static func written(_ number: Double) -> String {
        if number.isNaN { return "NaN" }
        if number.isInfinite { return number < 0 ? "-Inf" : "+Inf" }
        guard number.rounded() == number, abs(number) < 0x1p53 else { return "\(number)" }
        return "\(Int(number))"
    }

    static func escaped(label: String) -> String { escaped(label, quotes: true) }

    /// Returns a text with what would end it escaped. Other control characters become spaces.
    ///
    /// - Parameter quotes: whether the text stands in quotation marks.
    private static func escaped(_ text: String, quotes: Bool) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": escaped += "\\\\"
            case "\"" where quotes: escaped += "\\\""
            case "\n": escaped += "\\n"
            case let scalar where scalar.value < 0x20 || scalar.value == 0x7F: escaped += " "
            case let scalar: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}
