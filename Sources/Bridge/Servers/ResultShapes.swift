import BridgeModules
import Hashing
import JSON
import MCP
import Threading

/// What results of one server's tools looked like, for tools that declare no output. A tool whose definition changes is
/// learned anew.
final class ResultShapes: Sendable {
    /// What is known of one tool.
    struct Entry: Sendable, Equatable {
        /// Identifies the definition of the tool.
        var definition: String
        var shape: ResultShape
    }

    private struct State {
        var entries: [String: Entry]
        /// The tools whose definitions were compared.
        var known: [String: Tool] = [:]
        /// Grows with each change of what documentation shows.
        var revision = 0
        var isStored = true
        var isStoring = false
    }

    /// How many tools of a server are learned.
    static let maxTools = 500

    private let store: @Sendable ([String: Entry]) -> Void
    private let state: Locked<State>

    /// - Parameters:
    ///   - entries: what was learned before, by the tools' names.
    ///   - store: keeps what is learned for the next run.
    init(_ entries: [String: Entry] = [:], store: @escaping @Sendable ([String: Entry]) -> Void = { _ in }) {
        self.store = store
        state = Locked(State(entries: entries))
    }

    /// Grows with each change of what ``seen(of:)`` returns.
    var revision: Int { state.withLock { $0.revision } }

    /// Whether nothing was learned.
    var isEmpty: Bool { state.withLock { $0.entries.isEmpty } }

    /// Everything that was learned, by the tools' names.
    var entries: [String: Entry] { state.withLock { $0.entries } }

    /// Returns what results of these tools looked like, by the tools' names.
    func seen(of tools: [Tool]) -> [String: ResultShape] {
        state.withLock { state in
            tools.reduce(into: [:]) { seen, tool in
                if let entry = Self.entry(of: tool, &state) { seen[tool.name] = entry.shape }
            }
        }
    }

    /// Learns from a result. Does nothing once enough results of the tool were seen.
    func learn(_ result: JSONObject, of tool: Tool) {
        guard tool.outputSchema == nil, state.withLock({ Self.wants(tool, &$0) }),
            let shape = ResultShape(ofResult: result)
        else { return }
        state.withLock { state in
            guard Self.wants(tool, &state) else { return }
            var entry = Self.entry(of: tool, &state) ?? Entry(definition: Self.definition(of: tool), shape: shape)
            let earlier = state.entries[tool.name]
            if earlier != nil { entry.shape.merge(shape) }
            state.entries[tool.name] = entry
            state.known[tool.name] = tool
            if earlier?.shape.text != entry.shape.text { state.revision += 1 }
            state.isStored = false
        }
        storeChanges()
    }

    private static func wants(_ tool: Tool, _ state: inout State) -> Bool {
        guard let entry = entry(of: tool, &state) else { return state.entries.count < maxTools }
        return !entry.shape.isKnown
    }

    /// Forgets what was learned of another version of the tool.
    private static func entry(of tool: Tool, _ state: inout State) -> Entry? {
        guard let entry = state.entries[tool.name] else { return nil }
        if state.known[tool.name] == tool { return entry }
        guard tool.outputSchema == nil, entry.definition == definition(of: tool) else {
            state.entries[tool.name] = nil
            return nil
        }
        state.known[tool.name] = tool
        return entry
    }

    private static func definition(of tool: Tool) -> String {
        let parts: JSON = [
            .string(tool.name), .string(tool.description), tool.inputSchema, .object(tool.annotations),
        ]
        return SHA256.hexDigest(of: parts.serialized())
    }

    /// One task stores at a time, so that the last state is stored last.
    private func storeChanges() {
        while let entries = state.withLock({ state -> [String: Entry]? in
            guard !state.isStoring, !state.isStored else { return nil }
            (state.isStoring, state.isStored) = (true, true)
            return state.entries
        }) {
            store(entries)
            state.withLock { $0.isStoring = false }
        }
    }
}
