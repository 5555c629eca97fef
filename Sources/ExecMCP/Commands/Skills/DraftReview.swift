import Diagnostics
import ExecCore
import MCP
import PrivateData

/// Everything that a person should know before approving a draft.
struct DraftReview: Sendable {
    private static let shownFindings = 20

    let draft: SkillDraft
    let content: SkillContent
    let trial: DraftTrial.Result
    /// What its code requires, with the digests of the tools now.
    let requirements: [SkillRequirement]
    /// Whether the servers' tools were looked at.
    let isPinned: Bool
    /// The servers marked untrusted that a session had read from which may have written the draft.
    let untrustedServers: [String]
    /// The approved version that it would replace; `nil` for none.
    let approved: SkillContent?
    /// Whether the skills that come with the server have one of this name.
    let isInstalled: Bool
    /// The path of what is in its place among the skills that come with the server, even if that isn't a skill; `nil` if
    /// nothing is.
    let occupant: String?
    /// The skill of all users that it would take the place of for one; `nil` if there is none.
    var shared: SkillVersion?

    /// What keeps it from being approved; empty if nothing does.
    var obstacles: [String] {
        var obstacles = trial.broken.map { "this is not Python: \($0)" }
        if isInstalled {
            obstacles.append("an installed skill is called \(content.name): the draft needs another name")
        } else if let occupant {
            let place = VisibleText.line(occupant, limit: 1000)
            obstacles.append("\(place) is in the place that it would have: the draft needs another name")
        }
        return obstacles
    }

    /// What a person has to look at; with any of it, a script can't approve the draft.
    var warnings: [String] {
        var warnings: [String] = []
        let hidden = content.files.flatMap { file in
            VisibleText.hidden(in: file.text, limit: Self.shownFindings).map { "\(file.path), \($0.text)" }
        }
        if !hidden.isEmpty {
            warnings.append("characters that readers do not see, shown below as ‹U+…›: \(Self.list(hidden))")
        }
        let values = privateValues
        if !values.isEmpty {
            warnings.append(
                "what looks like private values, which all who get the skill would have: \(Self.list(values))")
        }
        if !trial.foreignNames.isEmpty {
            warnings.append("names with letters that may only look familiar: \(Self.list(trial.foreignNames))")
        }
        if !untrustedServers.isEmpty {
            let names = untrustedServers.map { $0.singleLine(limit: 64) }
            warnings.append(
                """
                a session that may have written it had read results of servers marked untrusted (\(Self.list(names))): \
                its instructions may be a stranger's
                """)
        }
        if let shared {
            warnings.append(
                "for this user it takes the place of version \(shared.number) that all users have, from then on"
            )
        }
        if case .failed(let reason, _) = trial.tests { warnings.append("its tests failed: \(reason)") }
        if !trial.unclear.isEmpty {
            warnings.append("code whose effect its text does not show: \(Self.list(trial.unclear))")
        }
        for requirement in requirements where isPinned {
            let module = requirement.module.singleLine(limit: 64)
            if requirement.server == nil { warnings.append("it names servers.\(module), which no server here has") }
            guard requirement.server != nil else { continue }
            if requirement.tools.isEmpty { warnings.append("none of the tools of \(module) that it uses are known") }
            if let missing = requirement.missing, !missing.isEmpty {
                let names = Self.list(missing.map { $0.singleLine(limit: 64) })
                warnings.append(
                    "it names tools that \(module) does not have now: \(names); should one appear, the skill is stale")
            }
        }
        return warnings
    }

    /// Where something has the form of a private value: in the names, and in the lines of files.
    private var privateValues: [String] {
        let vault = PrivateDataVaults(mode: .all).vaultOfNobody()
        let named = ([content.name] + content.files.map(\.path)).flatMap { name in
            vault.placesOfValues(in: name).map { "the name \(name) (\($0.kind.name))" }
        }
        return named
            + content.files.flatMap { file in
                vault.placesOfValues(in: file.text).map { "\(file.path), line \($0.line) (\($0.kind.name))" }
            }
    }

    /// The report without the text.
    ///
    /// - Parameters:
    ///   - columns: the width of the terminal.
    ///   - breaksLines: whether lines of the report itself may be broken, as opposed to what a draft's tests printed.
    func report(columns: Int, breaksLines: Bool) -> String {
        var lines = [
            "Draft    \(content.name), in the workspace of \(draft.author)",
            "Digest   \(content.digest)",
            "Changed  \(Timestamp.text(secondsSince1970: draft.changed.upperBound))",
            "Files    " + content.entries.map { "\($0.path) (\($0.size) bytes)" }.joined(separator: ", "),
            "Tests    " + testSentence, "Servers  " + serverSentence,
        ]
        if !draft.ignored.isEmpty {
            lines.append("Ignored  " + Self.list(draft.ignored.map { VisibleText.line($0, limit: 100) }))
        }
        lines += obstacles.map { "REFUSED  \($0)" } + warnings.map { "LOOK     \($0)" }
        lines = lines.map(Self.withoutColumns)
        if breaksLines { lines = lines.map { VisibleText.rows($0, columns: columns) } }
        if case .failed(_, let output) = trial.tests, !output.isEmpty {
            lines.append("What the tests printed at last:")
            lines += VisibleText.visible(output).split(separator: "\n").map {
                VisibleText.rows("| \($0)", columns: columns)
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// Leaves one space of several after the heading of a line, so that nothing in it looks like another heading, even
    /// if whatever shows it breaks the line.
    private static func withoutColumns(_ line: String) -> String {
        let words = VisibleText.visible(String(line.dropFirst(9))).split(whereSeparator: \.isWhitespace)
        return String(line.prefix(9)) + words.joined(separator: " ")
    }

    /// The text of all files, or what differs from the approved version.
    ///
    /// - Parameter columns: the width of the terminal.
    func text(columns: Int) -> String {
        guard let approved else { return Self.text(of: content, columns: columns) }
        let diff = LineDiff.text(from: approved, to: content)
        guard !diff.isEmpty else { return "Nothing differs from the approved version.\n" }
        return VisibleText.rows(VisibleText.visible(diff), columns: columns)
    }

    /// The text of all files for a terminal. Each row of theirs has a mark, so that none looks like one of ours.
    ///
    /// - Parameter columns: the width of the terminal.
    static func text(of content: SkillContent, columns: Int) -> String {
        let text = content.files.map { file in
            let lines = VisibleText.visible(file.text).unicodeScalars.split(
                separator: "\n", omittingEmptySubsequences: false)
            let text = (lines.last?.isEmpty == true ? lines.dropLast() : lines[...]).map { "| \(Substring($0))\n" }
            return "==== \(file.path) ====\n\(text.joined())"
        }.joined()
        return VisibleText.rows(text, columns: columns)
    }

    /// What became of the tests, in words.
    var testSentence: String {
        switch trial.tests {
        case .none: "none"
        case .passed(let summary): "\(summary), by the draft's own account"
        case .failed(let reason, _): "FAILED: \(reason)"
        }
    }

    private var serverSentence: String {
        guard !requirements.isEmpty else { return "its code names none" }
        return requirements.map { requirement in
            let name = (requirement.server ?? requirement.module).singleLine(limit: 64)
            guard isPinned else {
                return "\(name) (not pinned: without --mcp-config, a change of its tools is not noticed)"
            }
            let tools = requirement.tools.keys.sorted().map { $0.singleLine(limit: 64) }
            return "\(name) (pinned: \(tools.isEmpty ? "nothing" : Self.list(tools)))"
        }.joined(separator: ", ")
    }

    private static func list(_ words: [String]) -> String {
        let rest = words.count > shownFindings ? " and \(words.count - shownFindings) more" : ""
        return words.prefix(shownFindings).joined(separator: "; ") + rest
    }
}
