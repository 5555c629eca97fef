import Bridge
import Diagnostics
import ExecCore
import JSON
import JSONRPC
import MCPServers
import PrivateData
import TestSupport
import Threading

/// A bridge with small servers in Python, and a sandbox whose guest a test plays.
final class Harness: Sendable {
    static let user = UserID("ann") ?? .trial()

    let log = Recorder<String>()
    let calls = Recorder<NestedCall>()
    /// The calls that the bridge's observer was told about.
    let observed = Recorder<NestedCall>()
    let bridge: Bridge
    let session: any SandboxBridgeSession
    private let frames = Frames()

    /// - Parameter entries: the servers.
    init(
        _ entries: [BridgeServerEntry], state: StateDirectory? = nil, recording: RecordingMode = .off,
        privateData: PrivateDataVaults? = nil, maxUnreadBytes: Int = RequestLimits.unreadBytesPerSandbox,
        maxCommandBytes: Int = RequestLimits.bytesPerCommand,
        maxRequestBytes: Int = RequestLimits.requestBytesPerSandbox, clock: MonotonicClock = .system
    ) {
        ignoreBrokenPipes()
        bridge = Bridge(
            entries, environment: ["PATH": "/usr/bin:/bin", "SECRET": "hidden"], stateDirectory: state,
            recording: recording, privateData: privateData, maxUnreadBytes: maxUnreadBytes,
            maxCommandBytes: maxCommandBytes, maxRequestBytes: maxRequestBytes,
            // Longer than a busy machine needs.
            listingTimeout: 60, clock: clock,
            logger: Logger(program: "exec-mcp", level: .debug) { [log] in log.record($0) },
            observer: BridgeObserver { [observed] in observed.record($0) },
            onCall: { [calls] _, call in calls.record(call) })
        session = bridge.session(of: Self.user, sandbox: "box") { [frames] frame in frames.take(frame) }
    }

    /// The entry of a server that does what `script` says, with settings as in a file.
    static func entry(_ script: String, name: String = "fake", _ settings: JSON = [:]) -> BridgeServerEntry {
        let entry = ToolServerEntry(
            name: name, command: FakeServerScript.interpreter, arguments: FakeServerScript.arguments(script))
        return BridgeServerEntry(entry, settings: BridgeServerSettings(settings) { _ in })
    }

    /// The same, with leave to call every tool.
    static func open(_ script: String, name: String = "fake", _ settings: JSONObject = [:]) -> BridgeServerEntry {
        var settings = settings
        settings["tools"] = ["allow": ["*"]]
        return entry(script, name: name, .object(settings))
    }

    /// Connects as a process of a command would.
    ///
    /// - Parameter command: the command's number; `nil` for a background process.
    func connect(_ command: UInt32? = nil) throws -> Client {
        try frames.connect { id in
            try session.open(["command": command.map { .integer(Int($0)) } ?? .null], id: id)
        }
    }

    /// Connects to a connection that `make` makes, instead of one of the session's.
    func connect(_ make: (GuestCallStream) -> any GuestCall) throws -> Client {
        try frames.connect { [frames] id in make(GuestCallStream(id: id) { frame in frames.take(frame) }) }
    }

    /// Connects as a background process in another user's sandbox would.
    func connect(as user: UserID) throws -> Client {
        let session = bridge.session(of: user, sandbox: "other") { [frames] frame in frames.take(frame) }
        return try frames.connect { id in try session.open(["command": .null], id: id) }
    }

    /// Runs `body`, and ends the servers.
    static func with(
        _ entries: [BridgeServerEntry], state: StateDirectory? = nil, recording: RecordingMode = .off,
        privateData: PrivateDataVaults? = nil, maxUnreadBytes: Int = RequestLimits.unreadBytesPerSandbox,
        maxCommandBytes: Int = RequestLimits.bytesPerCommand,
        maxRequestBytes: Int = RequestLimits.requestBytesPerSandbox, clock: MonotonicClock = .system,
        _ body: (Harness) async throws -> Void
    ) async throws {
        let harness = Harness(
            entries, state: state, recording: recording, privateData: privateData, maxUnreadBytes: maxUnreadBytes,
            maxCommandBytes: maxCommandBytes, maxRequestBytes: maxRequestBytes, clock: clock)
        do {
            try await body(harness)
        } catch {
            await harness.bridge.close()
            throw error
        }
        await harness.bridge.close()
    }
}

/// The connections of a guest, and the frames that the server sends to them.
private final class Frames: Sendable {
    private let clients = Locked<[UInt32: Client]>([:])

    func connect(_ open: (UInt32) throws -> any GuestCall) throws -> Client {
        let id = clients.withLock { UInt32($0.count + 1) } | 1 << 31
        let client = Client(call: try open(id))
        clients.withLock { $0[id] = client }
        try client.start()
        return client
    }

    func take(_ frame: Frame) {
        clients.withLock { $0[frame.call] }?.take(frame)
    }
}

/// A process in the sandbox that is connected to the bridge.
final class Client: Sendable {
    private let call: any GuestCall
    private let splitter = Locked(LineSplitter(limit: 64 << 20))
    /// The lines that arrived.
    let answers = Recorder<JSON>()
    /// Whether the server has ended its output, and the connection.
    let ending = Recorder<Frame.Kind>()
    private let credit = ConditionLocked(0)
    /// Whether it reads what arrives.
    let isReading = Locked(true)

    init(call: any GuestCall) {
        self.call = call
    }

    func start() throws {
        try BackgroundThread.start { [call] in call.serve() }
    }

    func take(_ frame: Frame) {
        switch frame.kind {
        case .window: credit.change { $0 += Int(frame.payload.reduce(0) { $0 << 8 | UInt32($1) }) }
        case .data:
            let lines = splitter.withLock { splitter -> [[UInt8]] in
                var lines: [[UInt8]] = []
                frame.payload.dropFirst().withUnsafeBytes { piece in
                    splitter.feed(piece) { if case .complete(let line) = $0 { lines.append(line) } }
                }
                return lines
            }
            if isReading.withLock({ $0 }) { try? call.grant(UInt32(frame.payload.count - 1)) }
            for line in lines { answers.record((try? JSON.parse(line, .exact)) ?? "broken") }
        case .end, .result, .failure: ending.record(frame.kind)
        default: break
        }
    }

    /// Sends bytes, as far as the server accepts them.
    func send(_ bytes: [UInt8]) async throws {
        try await onThread { [credit, call] in
            var rest = bytes[...]
            while !rest.isEmpty {
                let room = credit.wait { credit -> Int? in
                    guard credit > 0 else { return nil }
                    let room = min(credit, rest.count)
                    credit -= room
                    return room
                }
                try call.receive(rest.prefix(room))
                rest = rest.dropFirst(room)
            }
        }
    }

    func send(line: JSON) async throws {
        try await send(line.serialized() + [UInt8(ascii: "\n")])
    }

    func request(_ id: JSON, _ method: String, _ params: JSON = [:]) async throws {
        try await send(line: ["id": id, "method": .string(method), "params": params])
    }

    /// Makes a request and waits for its answer.
    func ask(_ method: String, _ params: JSON = [:], id: Int = 1) async throws -> JSON {
        try await request(.integer(id), method, params)
        return try await answer(to: .integer(id))
    }

    func answer(to id: JSON) async throws -> JSON {
        try await answers.wait { $0.contains { $0["id"] == id } }.last { $0["id"] == id } ?? .null
    }

    /// Calls a tool of the server `fake`.
    func tool(_ name: String, _ arguments: JSON = [:], id: Int = 1, timeout: Double? = nil) async throws -> JSON {
        var params: JSONObject = ["server": "fake", "tool": .string(name), "arguments": arguments]
        params["timeout"] = timeout.map(JSON.double)
        return try await ask("call", .object(params), id: id)
    }

    /// Sends no more.
    func end() { call.endOfInput() }

    /// Is gone.
    func cancel() { call.cancel() }
}

/// Scripts of servers.
enum Script {
    /// Offers `tools` (a Python list), and answers calls with `handle_call(message, name, arguments)`.
    static func server(_ tools: String, _ body: String) -> String {
        """
        say("started")
        def handle(message):
            method = message.get("method")
            if method == "tools/list":
                answer(message, {"tools": \(tools)})
            elif method == "tools/call":
                handle_call(message, message["params"]["name"], message["params"].get("arguments", {}))
            elif method == "notifications/cancelled":
                say("cancelled", message["params"]["requestId"])
            elif "id" in message:
                refuse(message)
        def tool(name, read=False, **more):
            hints = {"readOnlyHint": read, "openWorldHint": not read}
            return {"name": name, "inputSchema": {"type": "object"}, "annotations": hints} | more
        \(body)
        serve(handle, capabilities=("tools",))
        """
    }

    /// Its tool `echo` gives back its arguments as structured content, `slow` never answers, `fail` reports a failure,
    /// `die` ends the process, `large` answers with as many bytes as asked for, `pid` with its process id.
    static let usual = server(
        #"[tool("echo", True), tool("slow"), tool("fail"), tool("die"), tool("large"), tool("pid"), tool("write")]"#,
        """
        def handle_call(message, name, arguments):
            if name == "echo": answer(message, {"content": [], "structuredContent": arguments})
            elif name == "fail": answer(message, text("no such order") | {"isError": True})
            elif name == "die": os._exit(5)
            elif name == "large": answer(message, text("x" * arguments["count"]))
            elif name == "pid": answer(message, text(str(os.getpid())))
            elif name == "slow": say("called slow")
            else: answer(message, text("done"))
        """)
}
