import Bridge
import Diagnostics
import ExecCore
import MCP
import SystemCalls

/// What a person sees of a call that waits for approval. It is broken into rows here: if the terminal did that, code
/// could choose what begins a row, and so imitate the rows around it.
struct ApprovalText {
    private static let nameLength = 200
    private static let (first, next) = ("    ", "    ↳   ")

    private let columns: Int

    /// - Parameter columns: the width of the terminal; 80 without one.
    init(columns: Int = Descriptors.size(of: 1).columns) {
        self.columns = columns
    }

    /// Returns the call, row by row.
    func text(_ request: ApprovalRequest) -> String {
        let cut = request.isCut ? "… (cut: \(request.argumentBytes) bytes in all)" : ""
        var lines = [
            "arguments: \(request.arguments.visible)\(cut)",
            "why: \(request.reason.visible) (rule: \(Self.name(request.rule)))",
        ]
        if !request.script.isEmpty { lines.append("script: \(request.script.visible.prefix(64))") }
        lines.append("until: \(Timestamp.text(of: request.expires))")
        let head = rows("\(request.id)  \(request.state.rawValue)  \(Self.tool(of: request))", "", Self.next)
        return (head + lines.flatMap { rows($0, Self.first, Self.next) }).joined(separator: "\n")
    }

    /// Returns the question whether to approve it, with what it is about: the arguments may have filled the terminal.
    func question(_ request: ApprovalRequest, _ choice: ApprovalStore.Choice) -> String {
        let tool = Self.tool(of: request)
        let question =
            switch choice {
            case .once, .deny:
                "Let this call of \(tool) be made once, with these \(request.argumentBytes) bytes of arguments?"
            case .session: "Let \(tool) be called with any arguments until the session ends that asked?"
            case .always: "Let \(tool) be called with any arguments from now on?"
            }
        return rows("\(question) [y/N] ", "", Self.next).joined(separator: "\n")
    }

    private func rows(_ line: String, _ first: String, _ next: String) -> [String] {
        // The last column stays free: terminals disagree about where the cursor is after it.
        let width = max(columns - 1 - TerminalColumns.width(of: Self.next), 8)
        return TerminalColumns.rows(of: line, width: width).enumerated().map { place, row in
            (place == 0 ? first : next) + row
        }
    }

    private static func tool(of request: ApprovalRequest) -> String { "\(name(request.server)).\(name(request.tool))" }

    private static func name(_ text: String) -> String {
        let scalars = text.visible.unicodeScalars
        let rest = scalars.dropFirst(nameLength)
        return String(String.UnicodeScalarView(scalars.prefix(nameLength))) + (rest.isEmpty ? "" : "…")
    }
}

extension Timestamp {
    /// Returns a time from a state file, which may hold any number, as text.
    static func text(of seconds: Double) -> String {
        text(secondsSince1970: Int(min(max(seconds, 0), 253_402_300_799)))
    }
}
