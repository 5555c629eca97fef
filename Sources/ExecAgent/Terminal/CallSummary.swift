import Diagnostics
import JSON
import OpenAI

/// Summarizes a tool call in a few words for the user.
enum CallSummary {
    /// The most informative arguments; the first one present is shown.
    private static let keyArguments = ["command", "file_path", "path", "query", "url", "name"]
    /// Maximum length of a shown argument, in bytes.
    private static let limit = 200

    /// Returns the tool and the first line of its main argument: `execute_bash: python3 plot.py`.
    static func of(_ call: ChatToolCall) -> String {
        let name = TerminalText.line(Array(call.name.utf8), atMost: 80)
        guard let arguments = (try? JSON.parse(call.arguments))?.objectValue else { return name }
        let text =
            keyArguments.lazy.compactMap { arguments[$0]?.stringValue }.first
            ?? arguments.lazy.compactMap { $0.value.stringValue }.first
        let lines = (text ?? "").split(whereSeparator: \.isNewline).filter { !$0.allSatisfy(\.isWhitespace) }
        guard let first = lines.first else { return name }
        let line = TerminalText.line(Array(first.utf8), atMost: limit)
        return "\(name): \(line)\(lines.count > 1 ? " …" : "")"
    }

    /// Formats a duration: `0.3 s`, `2 min 5 s`.
    static func duration(_ seconds: Double) -> String {
        guard seconds < 100 else {
            let whole = Int(min(seconds, 1e9))
            return "\(whole / 60) min \(whole % 60) s"
        }
        let tenths = Int((max(0, seconds) * 10).rounded())
        return "\(tenths / 10).\(tenths % 10) s"
    }
}
