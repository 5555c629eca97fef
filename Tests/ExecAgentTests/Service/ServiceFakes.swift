import HTTPServer
import JSON
import MCPServers
import OpenAI
import TestSupport
import Threading

@testable import ExecAgent

/// A runner that does what a test says, and remembers what it was asked.
final class FakeRunner: AgentRunner {
    struct Request: Sendable {
        let conversation: [ChatMessage]
        let user: String?
        let model: String?
        let parameters: JSONObject

        /// The conversation as `role: text`.
        var lines: [String] { conversation.map { "\($0.role.rawValue): \($0.text)" } }
    }

    typealias Work = @Sendable (Request, @Sendable (AgentEvent) async -> Void) async throws -> RunResult

    let requests = Recorder<Request>()
    private let work: Work

    init(_ work: @escaping Work = { _, tell in await FakeRunner.says("hello", tell) }) {
        self.work = work
    }

    func run(
        _ conversation: [ChatMessage], user: String?, model: String?, limits: RunLimits, parameters: JSONObject,
        onEvent: @escaping @Sendable (AgentEvent) async -> Void
    ) async throws -> RunResult {
        let request = Request(conversation: conversation, user: user, model: model, parameters: parameters)
        requests.record(request)
        return try await work(request, onEvent)
    }

    /// Answers with a text, in two pieces.
    static func says(
        _ text: String, _ tell: @Sendable (AgentEvent) async -> Void, end: RunResult.End = .answered,
        usage: TokenUsage? = TokenUsage(prompt: 5, completion: 2)
    ) async -> RunResult {
        await tell(.text(String(text.prefix(2))))
        await tell(.text(String(text.dropFirst(2))))
        return RunResult(messages: [ChatMessage(role: .assistant, text: text)], end: end, usage: usage)
    }

    /// A runner that waits until it is cancelled, and says so.
    static func waiting(_ events: Recorder<String>) -> FakeRunner {
        FakeRunner { _, _ in
            events.record("started")
            do {
                try await Task.sleep(for: .seconds(3600))
            } catch {
                events.record("cancelled")
                throw error
            }
            throw CancellationError()
        }
    }
}

/// Tool servers with two skills and some files.
struct FakeToolBox: ToolProvider {
    var files: [String: [String: ArtifactFile]] = [:]
    var states: [ToolServerHealth] = [ToolServerHealth(name: "exec-mcp", state: .running)]
    var failure: ToolServerError?
    /// Names of the files that were read.
    let reads = Recorder<String>()

    func tools() async throws(ToolServerError) -> [FunctionTool] { [] }
    func systemPrompt() async -> String { "" }
    func call(
        _ name: String, _ arguments: JSONObject, user: String?, onProgress: @escaping @Sendable (String) -> Void
    ) async -> ToolOutcome { .failure("none") }

    func artifacts(of user: String?) async throws(ToolServerError) -> [ArtifactInfo] {
        if let failure { throw failure }
        return (files[user ?? ""] ?? [:]).sorted { $0.key < $1.key }.map { name, file in
            ArtifactInfo(name: name, mediaType: file.mediaType, size: file.bytes.count)
        }
    }

    func artifact(named name: String, of user: String?) async throws(ToolServerError) -> ArtifactFile {
        reads.record(name)
        guard let file = files[user ?? ""]?[name] else {
            throw ToolServerError(message: "there is no artifact of this name", isNotFound: true)
        }
        return file
    }

    func skills() async throws(ToolServerError) -> [SkillInfo] {
        [SkillInfo(name: "pdf", description: "Reads PDF"), SkillInfo(name: "xlsx", description: "Reads tables")]
    }

    func skill(named name: String) async throws(ToolServerError) -> String {
        guard name == "pdf" else { throw ToolServerError(message: "there is no such skill", isNotFound: true) }
        return "# PDF ä"
    }

    func health() async -> [ToolServerHealth] { states }
    func close() async {}
}

/// A service at a free port of this machine, and a client of it.
struct ServiceTrial {
    let service: Service
    let log = Recorder<String>()

    init(_ runner: FakeRunner = FakeRunner(), toolBox: FakeToolBox = FakeToolBox(), options: ServiceOptions? = nil) {
        var options = options ?? ServiceOptions()
        options.port = 0
        service = Service(options: options, runner: runner, toolBox: toolBox) { [log] in log.record($0) }
    }

    var port: Int { service.addresses.first?.split(separator: ":").last.flatMap { Int($0) } ?? 0 }

    /// Runs `body` while the service listens.
    func run(_ body: (ServiceTrial) async throws -> Void) async throws {
        try await service.start()
        do {
            try await body(self)
        } catch {
            await service.stop()
            throw error
        }
        await service.stop()
    }

    /// A connection that has sent a request, which is its last.
    func send(
        _ method: String, _ path: String, _ body: JSON? = nil, host: String? = nil, fields: String = ""
    ) throws -> RawClient {
        let client = try RawClient(port: port)
        let content = body?.text ?? ""
        let type = body == nil ? "" : "Content-Type: application/json\r\nContent-Length: \(content.utf8.count)\r\n"
        try client.send(
            "\(method) \(path) HTTP/1.1\r\nHost: \(host ?? "127.0.0.1:\(port)")\r\nConnection: close\r\n"
                + "\(fields)\(type)\r\n\(content)")
        return client
    }

    /// Asks, and reads the whole answer.
    func ask(
        _ method: String, _ path: String, _ body: JSON? = nil, host: String? = nil, fields: String = ""
    ) async throws -> Answer {
        try await Answer(send(method, path, body, host: host, fields: fields).readToEnd())
    }

    /// Sends messages of a conversation.
    func chat(_ messages: JSON, _ more: JSONObject = [:], fields: String = "") async throws -> Answer {
        try await ask("POST", "/v1/chat/completions", Self.body(messages, more), fields: fields)
    }

    /// Says one thing.
    func say(_ text: String, _ more: JSONObject = [:], fields: String = "") async throws -> Answer {
        try await chat([["role": "user", "content": .string(text)]], more, fields: fields)
    }

    static func body(_ messages: JSON, _ more: JSONObject = [:]) -> JSON {
        var body: JSONObject = ["messages": messages]
        for member in more { body[member.key] = member.value }
        return .object(body)
    }
}

/// What a service answered.
struct Answer {
    let status: Int
    /// The head, with names and values as they came.
    let head: String
    let body: String

    init(_ text: String) {
        let end = text.firstRange(of: "\r\n\r\n")
        head = String(text[..<(end?.lowerBound ?? text.endIndex)])
        status = head.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        let content = String(text[(end?.upperBound ?? text.endIndex)...])
        body = head.contains("Transfer-Encoding: chunked") ? Self.joined(content) : content
    }

    var json: JSON { (try? JSON.parse(Array(body.utf8))) ?? .null }
    var error: JSON? { json["error"] }
    var text: String? { json["choices"]?.arrayValue?.first?["message"]?["content"]?.stringValue }

    func field(_ name: String) -> String? {
        head.split(separator: "\r\n").first { $0.hasPrefix(name + ": ") }.map { String($0.dropFirst(name.count + 2)) }
    }

    /// The data of its events.
    var events: [String] {
        body.split(separator: "\n\n").filter { $0.hasPrefix("data: ") }.map { String($0.dropFirst(6)) }
    }

    var chunks: [JSON] { events.compactMap { try? JSON.parse(Array($0.utf8)) } }

    /// The text that its chunks add up to.
    var streamedText: String {
        chunks.map { $0["choices"]?.arrayValue?.first?["delta"]?["content"]?.stringValue ?? "" }.joined()
    }

    private static func joined(_ chunks: String) -> String {
        var bytes = Array(chunks.utf8)[...]
        var content: [UInt8] = []
        while let end = bytes.firstRange(of: [0x0D, 0x0A]) {
            let size = Int(String(decoding: bytes[..<end.lowerBound], as: UTF8.self), radix: 16) ?? 0
            content += bytes[end.upperBound...].prefix(size)
            bytes = bytes[end.upperBound...].dropFirst(size + 2)
        }
        return String(decoding: content, as: UTF8.self)
    }
}
