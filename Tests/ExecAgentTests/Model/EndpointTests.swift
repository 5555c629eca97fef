import JSON
import OpenAI
import TestSupport
import Testing
import Threading

@testable import ExecAgent

/// The endpoint over real connections.
@Suite(.timeLimit(.minutes(3))) struct EndpointTests {
    private let request = ChatRequest(model: "m", messages: [ChatMessage(role: .user, text: "hi")])

    /// An endpoint that does not wait before it asks again.
    private func endpoint(_ url: String, key: String? = nil, idleTimeout: Double = 60) throws -> Endpoint {
        var options = EndpointOptions()
        options.baseURL = url
        options.key = key
        options.idleTimeout = idleTimeout
        return Endpoint(options, transport: try SystemTransport(options)) { _ in }
    }

    @Test func streamsAnAnswer() async throws {
        let server = try ScriptedServer { _ in .stream("Hel", "lo") }
        defer { server.close() }
        let events = Recorder<ModelEvent>()
        let answer = try await endpoint(server.url, key: "sk-secret").complete(request) { events.record($0) }
        #expect(answer == ChatCompletion(message: ChatMessage(role: .assistant, text: "Hello"), finishReason: .stop))
        let texts = events.elements.map { if case .text(let text) = $0 { text } else { "?" } }
        #expect(texts.joined() == "Hello")
        let sent = try #require(server.requests.elements.first)
        #expect(sent.head.hasPrefix("POST /v1/chat/completions HTTP/1.1\r\n"))
        #expect(sent.head.contains("\r\nAuthorization: Bearer sk-secret"))
        #expect(sent.head.lowercased().contains("\r\ncontent-type: application/json"))
        #expect(sent.body == request.streamingBody(includesUsage: true))
    }

    @Test func tellsTextAsItComes() async throws {
        let server = try ScriptedServer { _ in .begin([ScriptedServer.Step].textEvent("first")) + [.hang] }
        defer { server.close() }
        let events = Recorder<ModelEvent>()
        let endpoint = try endpoint(server.url)
        let run = Task { try await endpoint.complete(request) { events.record($0) } }
        try await events.wait(forCount: 1)
        #expect(events.elements == [.text("first")])
        run.cancel()
        await #expect(throws: CancellationError.self) { try await run.value }
        try await server.abandoned.wait(forCount: 1)
    }

    @Test func endsTheRequestOfACancelledTaskBeforeAnyAnswer() async throws {
        let server = try ScriptedServer { _ in [.hang] }
        defer { server.close() }
        let endpoint = try endpoint(server.url)
        let run = Task { try await endpoint.complete(request) { _ in } }
        try await server.requests.wait(forCount: 1)
        run.cancel()
        await #expect(throws: CancellationError.self) { try await run.value }
        try await server.abandoned.wait(forCount: 1)
        #expect(server.requests.elements.count == 1)
    }

    @Test func sendsNoKeyWhereThereIsNone() async throws {
        let server = try ScriptedServer { _ in .stream("a") }
        defer { server.close() }
        for key in [nil, ""] {
            _ = try await endpoint(server.url + "/", key: key).complete(request) { _ in }
        }
        #expect(server.requests.elements.allSatisfy { !$0.head.lowercased().contains("authorization") })
        #expect(server.requests.elements.allSatisfy { $0.head.hasPrefix("POST /v1/chat/completions ") })
    }

    @Test func usesAConnectionAgain() async throws {
        let server = try ScriptedServer { $0 == 1 ? .answer("500 Oops", "{}") : .stream("a") }
        defer { server.close() }
        let endpoint = try endpoint(server.url)
        for _ in 0..<3 {
            _ = try await endpoint.complete(request) { _ in }
            // The end of a stream is read behind the answer, on a busy machine a while later.
            try await Task.sleep(for: .milliseconds(500))
        }
        #expect(Set(server.requests.elements.map(\.connection)) == [0])
    }

    @Test func asksForManyAnswersAtOnce() async throws {
        let server = try ScriptedServer { _ in [.hang] }
        defer { server.close() }
        let endpoint = try endpoint(server.url)
        let runs = (0..<30).map { _ in Task { try await endpoint.complete(request) { _ in } } }
        try await server.requests.wait(forCount: 30)
        for run in runs { run.cancel() }
        try await server.abandoned.wait(forCount: 30)
    }

    @Test func asksAgainWhenAConnectionIsLostBeforeTheAnswer() async throws {
        let server = try ScriptedServer { number in
            switch number {
            case 0: [.close]
            case 1: [.reset]
            case 2: .begin() + [.close]
            case 3: .begin(#"{"choices":[{"delta":{"role":"assistant","content":""}}]}"#) + [.reset]
            default: .stream("at last")
            }
        }
        defer { server.close() }
        let events = Recorder<ModelEvent>()
        let answer = try await endpoint(server.url).complete(request) { events.record($0) }
        #expect(answer.message.text == "at last")
        let reasons = events.elements.compactMap { if case .retrying(let reason, _) = $0 { reason } else { nil } }
        #expect(reasons == Array(repeating: "the connection was lost", count: 4))
    }

    @Test func doesNotAskAgainOnceTheAnswerHasBegun() async throws {
        for end in [ScriptedServer.Step.close, .reset] {
            let server = try ScriptedServer { _ in .begin([ScriptedServer.Step].textEvent("a")) + [end] }
            defer { server.close() }
            let error = await #expect(throws: ModelError.self) {
                try await endpoint(server.url).complete(request) { _ in }
            }
            #expect(error?.kind == .unreachable)
            #expect(error?.message.contains("in the middle of the answer") == true)
            #expect(server.requests.elements.count == 1)
        }
    }

    @Test func saysThatNobodyTakesTheConnection() async throws {
        let server = try ScriptedServer { _ in [.close] }
        let other = try ScriptedServer { _ in [.close] }
        server.close()
        other.close()
        let events = Recorder<ModelEvent>()
        let endpoint = try endpoint(server.url)
        let error = try await lastError { try await endpoint.complete(request) { events.record($0) } }
        #expect(error.kind == .unreachable)
        #expect(error.message.contains("127.0.0.1"))
        #expect(error.message.contains("OPENAI_BASE_URL"))
        #expect(error.message.hasSuffix("It was asked 5 times."))
        #expect(events.elements.count == 4)
    }

    private func lastError(_ body: () async throws -> ChatCompletion) async throws -> ModelError {
        do {
            _ = try await body()
        } catch let error as ModelError {
            return error
        }
        throw NothingThrownError()
    }

    private struct NothingThrownError: Error {}

    @Test func givesUpASilentEndpoint() async throws {
        for steps in [[], [ScriptedServer.Step].begin(), .begin([ScriptedServer.Step].textEvent("a"))] {
            let server = try ScriptedServer { _ in steps + [.hang] }
            defer { server.close() }
            let endpoint = try endpoint(server.url, idleTimeout: 0.5)
            let error = try await lastError { try await endpoint.complete(request) { _ in } }
            #expect(error.kind == .silent)
            #expect(server.requests.elements.count == 1)
            try await server.abandoned.wait(forCount: 1)
        }
    }

    @Test(arguments: ["301 Moved", "302 Found", "307 Temporary Redirect", "308 Permanent Redirect"])
    func followsNoRedirection(status: String) async throws {
        let other = try ScriptedServer { _ in .stream("from elsewhere") }
        let server = try ScriptedServer { [port = other.port] _ in
            .answer(status, fields: "Location: http://127.0.0.1:\(port)/v1?secret=1\r\n", "")
        }
        defer {
            server.close()
            other.close()
        }
        let error = try await lastError { try await endpoint(server.url, key: "sk-secret").complete(request) { _ in } }
        #expect(error.kind == .refused)
        #expect(error.message.contains("http://127.0.0.1:\(other.port)/v1:"))
        #expect(!error.message.contains("secret"))
        #expect(other.requests.elements.isEmpty)
    }

    @Test func saysThatTLSFails() async throws {
        let server = try ScriptedServer(greeting: "This is no TLS.") { _ in [.close] }
        defer { server.close() }
        let endpoint = try endpoint("https://127.0.0.1:\(server.port)/v1")
        let error = try await lastError { try await endpoint.complete(request) { _ in } }
        #expect(error.kind == .unreachable)
        #expect(error.message.contains("TLS"))
        #expect(error.message.contains("certificates"))
    }

    @Test func givesUpAnAnswerWithoutEnd() async throws {
        let part = String(repeating: "x", count: 1 << 20)
        let server = try ScriptedServer { _ in
            .begin() + Array(repeating: .send("100003\r\n:\(part)\n\n\r\n"), count: 80) + [.hang]
        }
        defer { server.close() }
        let error = try await lastError { try await endpoint(server.url).complete(request) { _ in } }
        #expect(error.kind == .malformed)
        #expect(error.message.contains("too large"))
        try await server.abandoned.wait(forCount: 1)
    }

    @Test(arguments: [
        "", "localhost:8080", "ftp://localhost/v1", "http://", "http:///v1", "http://a b/", "http://u:p@localhost/v1",
    ])
    func refusesAnAddressThatIsNone(url: String) {
        #expect {
            try endpoint(url)
        } throws: { error in
            (error as? ModelError)?.message.contains("OPENAI_BASE_URL") == true && !"\(error)".contains("u:p")
        }
    }

    @Test(arguments: ["sk secret", "sk-secret\n", "sk\r\nX-Evil: 1", "schlüssel"])
    func refusesAKeyThatIsNone(key: String) {
        #expect {
            try endpoint("http://127.0.0.1:1/v1", key: key)
        } throws: { error in
            (error as? ModelError)?.kind == .unauthorized && !"\(error)".contains(key)
        }
    }
}
