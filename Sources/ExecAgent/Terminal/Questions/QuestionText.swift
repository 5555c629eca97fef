import Diagnostics
import JSON
import MCPClient

/// What a person sees of a question on a terminal. Untrusted text has a bar before each row, so that it cannot pass for
/// the program's own words. A row that continues the one above has an arrow, so that it cannot pass for one of its own,
/// and the keys of arguments are quoted, so that they cannot pass for the words around them.
struct QuestionText: Sendable {
    /// What is before the first row of a line, and before those that continue it.
    private struct Margin {
        let first: String
        let next: String

        static let plain = Margin(first: "│ ", next: "│↳    ")
        /// For the lines of a member's text.
        static let nested = Margin(first: "│     │ ", next: "│     │↳    ")
    }

    /// Maximum number of rows of all calls together, or of a server's message, unless all of it is requested.
    private static let maxRows = 400
    /// Maximum number of rows of the reason, and of the rule and the script, unless all of it is requested.
    private static let maxWords = 40
    /// The number of rows of each member that are always shown.
    private static let leastRows = 3
    private static let maxName = 200
    /// Maximum number of different calls that are shown.
    private static let maxCalls = 40

    /// The rows, joined by line ends.
    var text: String { rows.joined(separator: "\n") }
    /// Whether something has no room.
    private(set) var isCut = false

    private let columns: Int
    private let showsAll: Bool
    private var rows: [String] = []

    /// - Parameters:
    ///   - columns: the width of the terminal.
    ///   - showsAll: whether to leave nothing out.
    init(_ question: ServerQuestion, columns: Int, showsAll: Bool = false) {
        self.columns = columns
        self.showsAll = showsAll
        show(question)
    }

    /// Returns untrusted lines that belong to a question, such as the options of a field.
    static func quoted(_ lines: [String], columns: Int) -> String {
        lines.flatMap { rows(of: $0, .plain, columns) }.joined(separator: "\n")
    }

    private mutating func show(_ question: ServerQuestion) {
        let server = Self.name(question.server)
        if let approval = question.approval { return show(approval, from: server) }
        add("\(server) asks:")
        let message = RevealedText.lines(question.elicitation.message).flatMap { rows(of: $0) }
        append([message], within: Self.maxRows)
        if case .url(let url, _) = question.elicitation.request { showURL(url) }
    }

    private mutating func show(_ approval: ToolApproval, from server: String) {
        let tool = Self.name(approval.tool)
        let calls = approval.count == 1 ? "a call of \(tool)" : "\(approval.count) calls of \(tool)"
        add("\(server) asks whether to allow \(calls):")
        // Each piece is shown at least in part, so that a long one cannot hide those after it.
        var pieces: [[String]] = []
        for (place, arguments) in approval.arguments.prefix(showsAll ? .max : Self.maxCalls).enumerated() {
            let count = place < approval.counts.count ? approval.counts[place] : 1
            if approval.arguments.count > 1 {
                pieces.append(rows(of: "\(place + 1).\(count > 1 ? " \(count) ×" : "")"))
            }
            pieces += self.pieces(of: arguments)
        }
        append(pieces, within: Self.maxRows)
        let more = showsAll ? 0 : approval.arguments.count - Self.maxCalls
        if more > 0 {
            isCut = true
            add("\(more) other calls are not shown.")
        }
        if let reason = approval.reason {
            append([rows(of: "Why: \(RevealedText.line(reason))")], within: Self.maxWords)
        }
        let origin = [
            approval.rule.map { "rule: \($0)" }, approval.script.map { "script: \($0)" },
        ].compactMap(\.self)
        if !origin.isEmpty {
            append([rows(of: "(\(RevealedText.line(origin.joined(separator: "; "))))")], within: Self.maxWords)
        }
        add(isCut ? "Not all is shown. all = show all of it, n or Enter = no" : Self.choices(approval))
    }

    /// Returns the rows of each member.
    private func pieces(of arguments: JSON) -> [[String]] {
        guard let members = arguments.objectValue else {
            // Arguments that are too long come as a text.
            return [rows(of: RevealedText.line(arguments.stringValue ?? arguments.text))]
        }
        guard !members.isEmpty else { return [rows(of: "without arguments")] }
        return members.map { member in
            let key = RevealedText.line(JSON.string(member.key).text)
            guard let text = member.value.stringValue, text.unicodeScalars.contains("\n") else {
                return rows(of: "\(key): \(RevealedText.line(member.value.text))")
            }
            return rows(of: "\(key):") + RevealedText.lines(text).flatMap { rows(of: $0, .nested) }
        }
    }

    private mutating func showURL(_ url: String) {
        add("It wants you to visit this address, which is not opened for you:")
        rows += rows(of: RevealedText.line(url))
        if let host = WebAddress(url)?.host { add("Its host is \(RevealedText.line(host)).") }
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

    private mutating func add(_ text: String) {
        rows += TerminalColumns.rows(of: text, width: max(columns - 1, 8))
    }

    /// Adds pieces of rows: the beginning of each if they are too many.
    private mutating func append(_ pieces: [[String]], within limit: Int) {
        let total = pieces.reduce(0) { $0 + $1.count }
        guard !showsAll, total > limit else { return rows += pieces.joined() }
        let unseen = pieces.dropFirst(limit).reduce(0) { $0 + $1.count }
        let pieces = pieces.prefix(limit)
        // What short pieces leave is for the long ones.
        var left = limit
        var share = limit
        for (place, count) in pieces.map(\.count).sorted().enumerated() {
            share = max(left / (pieces.count - place), Self.leastRows)
            left -= min(count, share)
        }
        for piece in pieces {
            rows += piece.prefix(share)
            guard piece.count > share else { continue }
            add("\(piece.count - share) more rows are not shown.")
            isCut = true
        }
        guard unseen > 0 else { return }
        add("\(unseen) more rows are not shown.")
        isCut = true
    }

    private func rows(of line: String, _ margin: Margin = .plain) -> [String] { Self.rows(of: line, margin, columns) }

    private static func rows(of line: String, _ margin: Margin, _ columns: Int) -> [String] {
        // The last column stays free: terminals disagree about where the cursor is after it.
        func width(_ margin: String) -> Int { max(columns - 1 - TerminalColumns.width(of: margin), 4) }
        // All rows of a line have the same width, whichever margin is before them.
        let rows = TerminalColumns.rows(of: line, width: min(width(margin.first), width(margin.next)))
        return rows.enumerated().map { place, row in (place == 0 ? margin.first : margin.next) + row }
    }
}
