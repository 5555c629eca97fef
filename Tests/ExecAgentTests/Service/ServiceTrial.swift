import HTTPServer
import JSON
import MCPServers
import OpenAI
import TestSupport
import Threading

@testable import ExecAgent

/// A service at a free port of this machine, and a client of it.
struct ServiceTrial {
    let service: Service
    let log = Recorder<String>()

    init(
        _ runner: FakeRunner = FakeRunner(), toolProvider: FakeToolBox = FakeToolBox(), options: ServiceOptions? = nil,
        clock: MonotonicClock = .system
    ) {
        var options = options ?? ServiceOptions()
        options.port = 0
        service = Service(options: options, runner: runner, toolProvider: toolProvider, clock: clock) {
            [log] in log.record($0)
        }
    }

    var port: Int { service.addresses.first?.split(separator: ":").last.flatMap { Int($0) } ?? 0 }

    /// Runs `body` while the service listens.
    func run(_ body: (ServiceTrial) async throws -> Void) async throws {
        try await service.start()
        try await closing(with: service.stop) { try await body(self) }
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

    /// Uploads a file.
    func upload(
        _ content: String, name: String = "a.txt", purpose: String? = "user_data", user: String? = nil,
        fields: String = ""
    ) async throws -> Answer {
        func field(_ name: String, _ value: String) -> String {
            "--b\r\nContent-Disposition: form-data; name=\"\(name)\"\r\n\r\n\(value)\r\n"
        }
        let form =
            (purpose.map { field("purpose", $0) } ?? "") + (user.map { field("user", $0) } ?? "")
            + "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"\(name)\"\r\n"
            + "Content-Type: text/plain\r\n\r\n\(content)\r\n--b--\r\n"
        let client = try RawClient(port: port)
        try client.send(
            "POST /v1/files HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nConnection: close\r\n\(fields)"
                + "Content-Type: multipart/form-data; boundary=b\r\nContent-Length: \(form.utf8.count)\r\n\r\n\(form)")
        return try await Answer(client.readToEnd())
    }

    /// Asks for a response.
    func respond(_ body: JSONObject, fields: String = "") async throws -> Answer {
        try await ask("POST", "/v1/responses", .object(body), fields: fields)
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
