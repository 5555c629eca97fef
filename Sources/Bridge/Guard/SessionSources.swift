import Diagnostics
import Hashing
import JSON
import MCP
import Threading

/// Which sources one user's session has read from, and what may leave it since.
///
/// A session that has read private data and text of strangers can be made to send the one away by the other. From then
/// on, a person decides about each way out.
final class SessionSources: Sendable {
    private struct State {
        /// The servers by kind, in the order in which they were read.
        var servers: [SourceKind: [String]] = [:]
        /// What to do once ways out are guarded, by number.
        var listeners: [Int: @Sendable () -> Void] = [:]
        var lastListener = 0
        /// Where it is kept, for the next server that has the session's sandbox.
        var file: StateFile?

        var isGuarded: Bool { SourceKind.allCases.allSatisfy { servers[$0]?.isEmpty == false } }
    }

    /// The name of the rule that asks before data leaves.
    static let rule = "guard"
    private static let shownServers = 10

    private let onUntrusted: @Sendable ([String]) -> Void
    private let state = Locked(State())
    private let reports = Locked(())

    /// - Parameter onUntrusted: called with the names of all untrusted servers whenever another one is about to be read.
    init(onUntrusted: @escaping @Sendable ([String]) -> Void = { _ in }) {
        self.onUntrusted = onUntrusted
    }

    /// Whether a person decides about each way out.
    var isGuarded: Bool { state.withLock { $0.isGuarded } }

    /// The servers of one kind that were read.
    func servers(_ kind: SourceKind) -> [String] {
        state.withLock { $0.servers[kind] ?? [] }
    }

    /// A server is about to be asked for something. Whatever it answers may be read.
    func record(_ server: BridgeServer) {
        record(server.entry.settings.sources, of: server.name)
    }

    /// The same for a server with this name.
    func record(_ kinds: Set<SourceKind>, of server: String) {
        guard !kinds.isEmpty else { return }
        let (news, listeners) = state.withLock { state in
            let wasGuarded = state.isGuarded
            let news = kinds.filter { state.servers[$0]?.contains(server) != true }
            for kind in news { state.servers[kind, default: []].append(server) }
            return (news, wasGuarded || !state.isGuarded ? [] : Array(state.listeners.values))
        }
        if !news.isEmpty { store() }
        // One after the other, so that the longest list comes last.
        if news.contains(.untrusted) { reports.withLock { _ in onUntrusted(servers(.untrusted)) } }
        for listener in listeners { listener() }
    }

    /// Calls `listener` once ways out are guarded, on any thread; not if they are already.
    ///
    /// - Returns: what to pass to ``removeListener(_:)``.
    func addListener(_ listener: @escaping @Sendable () -> Void) -> Int {
        state.withLock { state in
            state.lastListener += 1
            state.listeners[state.lastListener] = listener
            return state.lastListener
        }
    }

    /// Ends what ``addListener(_:)`` began.
    func removeListener(_ number: Int) {
        state.withLock { $0.listeners[number] = nil }
    }

    // MARK: - The sandbox

    private static let directory = "sources"
    private static let (maxBytes, maxFiles, maxServers) = (256 * 1024, 1000, 1000)

    /// Takes over what an earlier server's session has read in a sandbox that it left, and keeps what is read from now on
    /// for the next one.
    func follow(_ sandbox: String, in directory: StateDirectory) {
        let name = "\(Self.directory)/\(SHA256.hexDigest(of: sandbox)).json"
        let file = StateFile(directory: directory, name: name)
        if file.version != nil {
            let stored = Self.stored(in: file)
            for kind in SourceKind.allCases {
                for server in stored[kind] ?? [] { record([kind], of: server) }
            }
        }
        state.withLock { $0.file = file }
        store()
    }

    /// Adds what was read to the file. Later writers, in this process or another, keep its contents.
    private func store() {
        guard let file = state.withLock({ $0.servers.isEmpty ? nil : $0.file }) else { return }
        // Without it, only a sandbox that lingers forgets.
        _ = file.exclusively {
            let stored = file.version == nil ? [:] : Self.stored(in: file)
            let servers = state.withLock { $0.servers }
            let members = SourceKind.allCases.reduce(into: JSONObject()) { members, kind in
                var names = stored[kind] ?? []
                let known = Set(names.map { ExactText($0) })
                names += (servers[kind] ?? []).filter { !known.contains(ExactText($0)) }
                if !names.isEmpty { members[kind.rawValue] = .array(names.map { .string($0) }) }
            }
            _ = file.write(JSON.object(members).serialized())
            file.directory.prune(Self.directory, to: Self.maxFiles)
        }
    }

    /// Returns the servers in a file that is there. What can't be read may have been anything.
    private static func stored(in file: StateFile) -> [SourceKind: [String]] {
        guard let value = file.read(limit: maxBytes).flatMap({ try? JSON.parse($0) })?.objectValue else {
            return SourceKind.allCases.reduce(into: [:]) { $0[$1] = ["an earlier session"] }
        }
        return SourceKind.allCases.reduce(into: [:]) { servers, kind in
            servers[kind] = value[kind.rawValue]?.arrayValue?.prefix(maxServers).compactMap(\.stringValue) ?? []
        }
    }

    // MARK: - Ways out

    /// Why a person decides about a call of a tool; `nil` if it isn't guarded.
    func restriction(on tool: Tool, of server: BridgeServer) -> ToolRestriction? {
        guard isGuarded, !(server.entry.settings.trustsHints && tool.isDeclaredLocalRead) else { return nil }
        return question(
            "data could leave through this tool: it does not declare that it only reads, and only on this machine")
    }

    /// Why a person decides about a request for a resource or prompt that code names; `nil` if it isn't guarded.
    func restriction(onReading server: BridgeServer) -> ToolRestriction? {
        let isLocal = server.entry.settings.trustsHints && server.knownTools?.isEmpty == false
        guard isGuarded, !(isLocal && server.knownTools?.allSatisfy(\.isDeclaredLocalRead) == true) else { return nil }
        return question("data could leave in the name of what is read: not all tools of \(server.name) are local")
    }

    private func question(_ clause: String) -> ToolRestriction {
        .ask(
            ToolPolicy.Question(
                rule: Self.rule, reason: "\(reason), and \(clause).",
                remedy:
                    "Without a question: in a session that reads servers of one of these kinds only (exec-mcp.source).",
                mayLast: false))
    }

    /// What was read, as a clause.
    var reason: String {
        func names(_ kind: SourceKind) -> String {
            let servers = servers(kind)
            let more = servers.count > Self.shownServers ? " and others" : ""
            return servers.prefix(Self.shownServers).map { $0.singleLine(limit: 60) }.joined(separator: ", ") + more
        }
        return "This session has read private data (\(names(.private))) and text of strangers (\(names(.untrusted)))"
    }
}

extension Tool {
    /// Whether it declares that it only reads, and only on this machine.
    var isDeclaredLocalRead: Bool {
        annotations["readOnlyHint"] == true && annotations["destructiveHint"] != true
            && annotations["openWorldHint"] == false
    }
}
