import CommandOptions

/// Formats a report as a table for people.
struct ReportTable {
    /// Whether the output can show more than ASCII.
    let isUnicode: Bool
    /// The line width in characters.
    let width: Int

    private static let titleWidth = Check.allCases.map(\.rawValue.count).max() ?? 0

    func text(of report: Report) -> String {
        let rows = report.findings.flatMap(lines)
        return (rows + ["", summary(of: report)]).map { $0 + "\n" }.joined()
    }

    private func lines(of finding: Finding) -> [String] {
        let mark = mark(of: finding.status)
        let start = "\(mark)  \(finding.check.rawValue.padded(to: Self.titleWidth))  "
        var lines = wrapped(finding.found, after: start)
        if let remedy = finding.remedy {
            let indent = String(repeating: " ", count: start.count)
            lines += wrapped(remedy, after: indent + (isUnicode ? "→ " : "-> "))
        }
        return lines
    }

    private func mark(of status: Finding.Status) -> String {
        switch status {
        case .passed: isUnicode ? "✓" : "ok  "
        case .warning: isUnicode ? "!" : "warn"
        case .failed: isUnicode ? "✗" : "FAIL"
        case .notChecked: isUnicode ? "–" : "-   "
        }
    }

    /// Wraps a text into lines; the first begins with `start` and the others are indented by the same width.
    private func wrapped(_ text: String, after start: String) -> [String] {
        var lines: [String] = []
        var line = start
        var isEmpty = true
        for word in text.split(separator: " ") {
            if !isEmpty, line.count + 1 + word.count > width {
                lines.append(line)
                line = String(repeating: " ", count: start.count)
                isEmpty = true
            }
            line += (isEmpty ? "" : " ") + word
            isEmpty = false
        }
        return lines + [line]
    }

    private func summary(of report: Report) -> String {
        switch report.failures {
        case 0:
            report.findings.contains { $0.status == .warning } ? "It works; see the warnings." : "All checks passed."
        case 1: "One check failed."
        default: "\(report.failures) checks failed."
        }
    }
}
