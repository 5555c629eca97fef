import Diagnostics
import JSON
import MCPClient

/// What a person sees of a question on a terminal. Untrusted text has a bar before each row, so that it cannot pass for
/// the program's own words.
struct QuestionText: Sendable {
    private static let bar = "│ "
    private static let maxRows = 400
    private static let maxName = 200
    /// Maximum number of different calls that are shown.
    private static let maxCalls = 40

    private let columns: Int
    private var rows: [String] = []
    private var hidden = 0

    /// Returns the rows, joined by line ends.
    ///
    /// - Parameter columns: the width of the terminal.
    static func of(_ question: ServerQuestion, columns: Int) -> String {
        var text = QuestionText(columns: columns)
        text.show(question)
        return text.rows.joined(separator: "\n")
    }

    private init(columns: Int) {
        self.columns = columns
    }

    private mutating func show(_ question: ServerQuestion) {
        let server = Self.name(question.server)
        if let approval = question.approval {
            show(approval, from: server)
        } else {
            add("\(server) asks:")
            quote(question.elicitation.message)
            if case .url(let url, _) = question.elicitation.request { showURL(url) }
        }
        if hidden > 0 { add("\(hidden) more rows are not shown.") }
        if let approval = question.approval { add(Self.choices(approval)) }
    }

    private mutating func show(_ approval: ToolApproval, from server: String) {
        let tool = Self.name(approval.tool)
        let calls = approval.count == 1 ? "a call of \(tool)" : "\(approval.count) calls of \(tool)"
        add("\(server) asks whether to allow \(calls):")
        for (place, arguments) in approval.arguments.prefix(Self.maxCalls).enumerated() {
            let count = place < approval.counts.count ? approval.counts[place] : 1
            if approval.arguments.count > 1 { quoteLine("\(place + 1).\(count > 1 ? " \(count) ×" : "")") }
            show(arguments)
        }
        let more = approval.arguments.count - Self.maxCalls
        if more > 0 { quoteLine("… and \(more) others") }
        if let reason = approval.reason { quoteLine("Why: \(reason)") }
        let origin = [
            approval.rule.map { "rule: \($0)" }, approval.script.map { "script: \($0)" },
        ].compactMap(\.self)
        if !origin.isEmpty { quoteLine("(\(origin.joined(separator: "; ")))") }
    }

    private mutating func show(_ arguments: JSON) {
        guard let members = arguments.objectValue else {
            // Arguments that are too long come as a text.
            return quote(arguments.stringValue ?? arguments.text)
        }
        if members.isEmpty { quoteLine("without arguments") }
        for member in members {
            if let text = member.value.stringValue, text.unicodeScalars.contains("\n") {
                quoteLine("\(member.key):")
                for line in RevealedText.lines(text) { append(line, margin: Self.bar + "    " + Self.bar) }
            } else {
                quoteLine("\(member.key): \(member.value.text)")
            }
        }
    }

    private mutating func showURL(_ url: String) {
        add("It wants you to visit this address, which is not opened for you:")
        quote(url)
    }

    private static func choices(_ approval: ToolApproval) -> String {
        let words = approval.offered.map { decision in
            switch decision {
            case .once: "y = this once"
            case .session: "s = until the session ends"
            case .always: "a = always"
            case .deny: ""
            }
        }
        return (words + ["n or Enter = no"]).joined(separator: ", ")
    }

    // MARK: Rows

    private static func name(_ text: String) -> String { RevealedText.line(text.prefix(maxName)) }

    private mutating func quote(_ text: String) {
        for line in RevealedText.lines(text) { append(line, margin: Self.bar) }
    }

    private mutating func quoteLine(_ text: String) {
        append(RevealedText.line(text), margin: Self.bar)
    }

    private mutating func add(_ text: String) {
        for row in Self.wrapped(text, to: width(after: "")) { rows.append(row) }
    }

    private mutating func append(_ line: String, margin: String) {
        for row in Self.wrapped(line, to: width(after: margin)) {
            if rows.count < Self.maxRows { rows.append(margin + row) } else { hidden += 1 }
        }
    }

    // The last column stays free: terminals disagree about where the cursor is after it.
    private func width(after margin: String) -> Int {
        max(columns - 1 - TerminalColumns.width(of: margin), 8)
    }

    private static func wrapped(_ line: String, to width: Int) -> [String] {
        var rows: [String] = []
        var row = ""
        var used = 0
        for character in line {
            let size = TerminalColumns.width(of: character)
            if used + size > width, used > 0 {
                rows.append(row)
                (row, used) = ("", 0)
            }
            row.append(character)
            used += size
        }
        return rows + [row]
    }
}
