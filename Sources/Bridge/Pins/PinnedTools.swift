import MCP
import Threading

/// What has changed in the tools of one server process since they were pinned.
final class PinnedTools: Sendable {
    private struct Known {
        let tools: Int
        let pins: Int
        let changes: [ToolChange]
    }

    /// The name of the rule that keeps tools with changes from running.
    static let rule = "pin"

    /// The pins; `nil` if the tools aren't compared with any.
    let pins: ToolPins?
    private let server: String
    private let known = Locked<Known?>(nil)
    /// The last start of the server, and the revision of the pins before it.
    private let process = Locked<(start: Int, pins: Int)?>(nil)

    init(_ pins: ToolPins?, server: String) {
        self.pins = pins
        self.server = server
    }

    /// Whether tools that have changed don't run.
    var areBlocked: Bool { pins?.pinning == .block }

    /// Grows with each change of the pins.
    var revision: Int { pins?.revision ?? 0 }

    /// Notes that the server was in use.
    ///
    /// - Parameters:
    ///   - start: which start of it.
    ///   - pins: the revision of the pins before that use: if it is what started the server, before the start.
    func note(start: Int, pins: Int) {
        process.withLock { process in
            guard let known = process, known.start == start else {
                process = (start, pins)
                return
            }
            process = (start, min(known.pins, pins))
        }
    }

    /// Whether a person has accepted changes since the process started that listed the tools: perhaps those of an
    /// update that was installed after its start.
    var isProcessOutdated: Bool {
        let pins = revision
        return process.withLock { $0.map { $0.pins != pins } ?? false }
    }

    /// Returns what has changed in the tools as listed.
    ///
    /// - Parameter revision: grows with each change of the tools.
    func changes(in tools: [Tool]?, revision: Int) -> [ToolChange] {
        guard let pins, let tools else { return [] }
        if let known = known.withLock({ $0 }), known.tools == revision, known.pins == pins.revision {
            return known.changes
        }
        let changes = pins.changes(in: tools)
        // A change of the pins since then is noticed next time.
        let made = Known(tools: revision, pins: pins.revision, changes: changes)
        known.withLock { $0 = made }
        return changes
    }

    /// Why a tool with a change does not run; `nil` if it may.
    func restriction(by change: ToolChange?) -> ToolRestriction? {
        guard areBlocked, let change else { return nil }
        let name = change.tool.utf8.count > 100 ? nil : change.tool
        let age =
            isProcessOutdated
            ? " Its process has run since before changes were last accepted: once no call uses it, the next one restarts "
                + "it."
            : ""
        return .refuse(
            rule: Self.rule,
            """
            It \(change.clause), and changes of the server \(server) have to be accepted (exec-mcp.pin is "block").\
            \(age) The person who runs this server can look at it and accept it: \(ToolChange.command(server, name)).
            """)
    }
}
