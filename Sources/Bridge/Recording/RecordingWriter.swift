import BridgeModules
public import Diagnostics
import Hashing
import JSON
import MCP
import MCPClient
import MCPServers
import SystemCalls
import Threading

/// Records what servers answer, in a file of JSON lines that only this account can read. Several programs may share the
/// file; each appends a session of its own.
///
/// Secrets of the servers' entries are replaced as in errors. Everything else is recorded as it is.
public final class RecordingWriter: Sendable {
    /// A request whose answer will be recorded.
    struct Ticket: Sendable {
        fileprivate let server: String
        fileprivate let request: ServerRequest
        fileprivate let number: Int
    }

    private struct State {
        /// How often each request was made, by server and request.
        var counts: [String: Int] = [:]
        /// The lists of tools that were recorded last, as digests.
        var lists: [String: String] = [:]
        /// Whether nothing is recorded any more: the file is full, or could not be written.
        var hasStopped = false
    }

    /// Maximum size of a recording in bytes.
    public static let maxBytes = 256 << 20

    private let file: AppendedFile
    private let path: String
    private let session: String
    private let secrets: [String: SecretTexts]
    private let maxBytes: Int
    private let logger: Logger
    private let state = Locked(State())

    /// Begins to record.
    ///
    /// - Parameters:
    ///   - path: the file; created if it doesn't exist. A recording is continued.
    ///   - entries: the servers.
    /// - Throws: ``RecordingError`` if the file can't be written or holds something else.
    public convenience init(path: String, entries: [BridgeServerEntry], logger: Logger) throws(RecordingError) {
        try self.init(path: path, entries: entries, maxBytes: Self.maxBytes, logger: logger)
    }

    init(path: String, entries: [BridgeServerEntry], maxBytes: Int, logger: Logger) throws(RecordingError) {
        do throws(AppendedFileError) {
            file = try AppendedFile(path: path)
        } catch {
            throw RecordingError("it \(error.problem)")
        }
        try Self.check(path, file.size)
        self.path = path
        self.maxBytes = maxBytes
        self.logger = logger
        session = UInt64.random(in: 0...UInt64.max).hexadecimal
        secrets = Recording.secrets(of: entries)
        if file.isOpenToOthers {
            logger.warning("other users may read or write the recording \(path): restrict it with chmod 600")
        }
        append((file.endsWithinLine ? [UInt8(ascii: "\n")] : []) + RecordingLine.session(session).bytes(in: session))
    }

    /// Nothing is added to a file that begins with anything but a recording.
    private static func check(_ path: String, _ size: Int) throws(RecordingError) {
        guard size > 0 else { return }
        guard let start = Files.beginning(of: path, length: 4096) else { throw RecordingError("it cannot be read") }
        let line = start.prefix { $0 != UInt8(ascii: "\n") }
        guard case .session = try? RecordingLine.parse(line).line else {
            throw RecordingError("it exists and is not a recording that could be continued: name another file")
        }
    }

    /// Records the tools of a server unless they were recorded last.
    func recordTools(_ tools: [Tool], _ shapes: [String: ResultShapes.Entry], of server: String) {
        let tools = tools.map { hidingSecrets(in: $0, of: server) }
        let line = RecordingLine.tools(server: server, tools: tools, shapes: shapes).bytes(in: session)
        let digest = SHA256.hexDigest(of: JSON.array(tools.map { $0.json(for: .july2026) }).serialized())
        let isNew = state.withLock { state in
            defer { state.lists[server] = digest }
            return state.lists[server] != digest
        }
        if isNew { append(line) }
    }

    /// Returns the tool with the server's secrets hidden in what it says of itself. Its name, by which it is called, stays.
    private func hidingSecrets(in tool: Tool, of server: String) -> Tool {
        guard let secrets = secrets[server] else { return tool }
        return Tool(
            name: tool.name, title: secrets.hidden(in: tool.title), description: secrets.hidden(in: tool.description),
            inputSchema: secrets.hidden(in: tool.inputSchema),
            outputSchema: tool.outputSchema.map { secrets.hidden(in: $0) },
            annotations: secrets.hidden(in: tool.annotations))
    }

    /// A request begins.
    func begin(_ request: ServerRequest, of server: String) -> Ticket {
        let request = request.hiding(secrets[server])
        let number = state.withLock { state in
            state.counts["\(server)\n\(request.key)", default: 0] += 1
            return state.counts["\(server)\n\(request.key)"] ?? 1
        }
        return Ticket(server: server, request: request, number: number)
    }

    /// Records what was answered.
    func end(_ ticket: Ticket, _ outcome: Result<RawToolResult, BridgeError>) {
        guard !state.withLock({ $0.hasStopped }) else { return }
        let hidden = secrets[ticket.server].map { secrets in
            outcome
                .map { RawToolResult(members: secrets.hidden(in: $0.members), size: $0.size) }
                .mapError {
                    BridgeError($0.kind, secrets.hidden(in: $0.message), data: secrets.hidden(in: $0.data))
                }
        }
        let answer = RecordedAnswer(
            server: ticket.server, request: ticket.request, number: ticket.number, outcome: hidden ?? outcome)
        append(RecordingLine.answer(answer).bytes(in: session))
    }

    private func append(_ line: [UInt8]) {
        // The lock is held while writing, so that nothing follows a line that is cut.
        let problem = state.withLock { state -> String? in
            guard !state.hasStopped else { return nil }
            guard file.size + line.count <= maxBytes else {
                state.hasStopped = true
                return "has \(maxBytes) bytes, as many as it may have"
            }
            guard let error = file.append(line).error else { return nil }
            state.hasStopped = true
            return "cannot be written: \(error)"
        }
        guard let problem else { return }
        logger.error("the recording \(path) \(problem). Calls continue, but nothing more is recorded.")
    }
}

extension UInt64 {
    fileprivate var hexadecimal: String { String(self, radix: 16) }
}
