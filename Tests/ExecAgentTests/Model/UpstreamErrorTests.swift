import JSON
import OpenAI
import TestSupport
import Testing
import Threading

@testable import ExecAgent

/// Answers requests from a row of prepared ones, without a connection.
private final class FakeTransport: Transport {
    let host = "models.example"
    let bodies = Recorder<JSON>()
    private let answers: Locked<[[TransportEvent]]>

    init(_ answers: [[TransportEvent]]) {
        self.answers = Locked(answers)
    }

    func post(_ body: [UInt8]) -> AsyncThrowingStream<TransportEvent, any Error> {
        bodies.record((try? JSON.parse(body)) ?? .null)
        let events = answers.withLock { $0.isEmpty ? nil : $0.removeFirst() }
        return AsyncThrowingStream { continuation in
            for event in events ?? [] { continuation.yield(event) }
            continuation.finish(throwing: events == nil ? TransportError.unknownHost : nil)
        }
    }
}

/// What becomes of answers that are none.
@Suite struct UpstreamErrorTests {
    private static let key = "sk-abcdefgh12345678"
    private let picture = ChatRequest(
        model: "m", messages: [ChatMessage(role: .user, content: [.text("see"), .imageURL("data:x")])])

    private let text = ChatRequest(model: "m", messages: [ChatMessage(role: .user, text: "say")])

    private static func answer(_ status: Int, _ body: String, retryAfter: String? = nil) -> [TransportEvent] {
        [.head(UpstreamResponseHead(status: status, retryAfter: retryAfter)), .bytes(Array(body.utf8))]
    }

    private static let success = answer(200, #"{"choices":[{"message":{"content":"ok"},"finish_reason":"stop"}]}"#)

    private struct Outcome {
        var text: String?
        var error: ModelError?
        var bodies: [JSON]
        var waits: [Double]
    }

    /// What comes of these answers, and how long was waited between them.
    private func outcome(
        _ answers: [[TransportEvent]], key: String? = key, _ request: ChatRequest? = nil
    ) async -> Outcome {
        let transport = FakeTransport(answers)
        let waits = Recorder<Double>()
        var options = EndpointOptions()
        options.key = key
        let endpoint = Endpoint(options, transport: transport) { waits.record($0) }
        var outcome = Outcome(bodies: [], waits: [])
        do {
            outcome.text = try await endpoint.complete(request ?? picture) { _ in }.message.text
        } catch {
            outcome.error = error as? ModelError
        }
        outcome.bodies = transport.bodies.elements
        outcome.waits = waits.elements
        return outcome
    }

    @Test(arguments: [408, 429, 500, 502, 503, 504, 529])
    func asksAgainForWhatMayPass(status: Int) async throws {
        let outcome = await outcome([
            Self.answer(status, "", retryAfter: "7"), Self.answer(status, "<html>"), Self.success,
        ])
        #expect(outcome.text == "ok")
        try #require(outcome.waits.count == 2)
        #expect(outcome.waits[0] == 7)
        #expect(1...2 ~= outcome.waits[1])
    }

    @Test func givesUpAfterSoManyTimes() async {
        let outcome = await outcome(Array(repeating: Self.answer(429, #"{"error":{"message":"slow down"}}"#), count: 9))
        #expect(outcome.bodies.count == 5)
        #expect(outcome.error?.kind == .rateLimited)
        #expect(outcome.error?.status == 429)
        #expect(
            outcome.error?.message
                == "models.example has had too many requests: try again later. It says: \"slow down\". It was asked 5 times."
        )
    }

    @Test func asksAgainForAnErrorInPlaceOfAnAnswer() async {
        for error in [#"{"message":"busy","code":503}"#, #"{"message":"busy","type":"server_error"}"#] {
            for body in ["{\"error\":\(error)}", "data: {\"error\":\(error)}\n\n"] {
                #expect(await outcome([Self.answer(200, body), Self.success]).text == "ok")
            }
            let begun = "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\ndata: {\"error\":\(error)}\n\n"
            let outcome = await outcome([Self.answer(200, begun), Self.success])
            #expect(outcome.error?.kind == .unavailable)
            #expect(outcome.bodies.count == 1)
        }
    }

    @Test(arguments: [
        #"{"message":"Provider returned error"}"#, #"{"message":"the stream was interrupted","type":"upstream_error"}"#,
        #""upstream connect error""#, #"{"message":"Internal error","type":"api_error","code":null}"#,
    ])
    func asksAgainForAnErrorThatSaysNothingOfItsCause(error: String) async {
        let event = "data: {\"error\":\(error)}\n\n"
        #expect(await outcome([Self.answer(200, event), Self.success], text).text == "ok")
        let begun = "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n" + event
        #expect(await outcome([Self.answer(200, begun), Self.success], text).bodies.count == 1)
    }

    @Test(arguments: [
        #"{"message":"unsupported parameter"}"#, #"{"message":"no","type":"invalid_request_error"}"#,
        #"{"message":"Invalid model"}"#, #"{"message":"You exceeded your current quota"}"#,
        #"{"message":"the context length is exceeded"}"#, #"{"message":"no","code":"bad_request"}"#,
    ])
    func doesNotAskAgainForAnErrorOfTheRequest(error: String) async {
        #expect(
            await outcome([Self.answer(200, "data: {\"error\":\(error)}\n\n"), Self.success], text).bodies.count == 1)
    }

    /// An answer of the endpoint, and what is said of it.
    struct Failure: Sendable {
        let status: Int
        let body: String
        let kind: ModelError.Kind
        let words: String
    }

    @Test(arguments: [
        Failure(
            status: 401, body: #"{"error":{"message":"Incorrect API key provided: \#(key)"}}"#,
            kind: .unauthorized, words: "OPENAI_API_KEY"),
        Failure(
            status: 403, body: #"{"error":{"message":"Not in your country"}}"#, kind: .unauthorized,
            words: "Not in your country"),
        Failure(
            status: 404, body: #"{"error":{"message":"The model `m` does not exist","code":"model_not_found"}}"#,
            kind: .notFound, words: "--model"),
        Failure(
            status: 400, body: #"{"error":{"message":"Invalid model name passed"}}"#, kind: .notFound,
            words: "Invalid model name"),
        Failure(
            status: 404, body: #"{"error":"model \"m\" not found, try pulling it first"}"#, kind: .notFound,
            words: "DEFAULT_MODEL"),
        Failure(status: 404, body: "404 page not found", kind: .notFound, words: "OPENAI_BASE_URL"),
        Failure(status: 405, body: #"{"detail":"Method Not Allowed"}"#, kind: .notFound, words: "OPENAI_BASE_URL"),
        Failure(
            status: 400, body: #"{"error":{"message":"x","code":"context_length_exceeded"}}"#, kind: .contextTooLong,
            words: "longer than the model m"),
        Failure(
            status: 400, body: #"{"message":"This model's maximum context length is 10","object":"error"}"#,
            kind: .contextTooLong, words: "maximum"),
        Failure(
            status: 400, body: #"{"error":{"message":"the request exceeds the available context size"}}"#,
            kind: .contextTooLong, words: "begin a new"),
        Failure(status: 413, body: "", kind: .contextTooLong, words: "begin a new"),
        Failure(
            status: 429, body: #"{"error":{"message":"Request too large for m: Limit 30000, Requested 40000"}}"#,
            kind: .contextTooLong, words: "Request too large"),
        Failure(
            status: 429, body: #"{"error":{"message":"x","code":"insufficient_quota"}}"#, kind: .refused,
            words: "quota is used up"),
        Failure(
            status: 402, body: #"{"error":{"message":"Insufficient Balance"}}"#, kind: .refused,
            words: "quota is used up"),
        Failure(
            status: 400, body: #"{"error":{"message":"bad \u001b[31mtemperature\nhere"}}"#, kind: .refused,
            words: "It says: \"bad [31mtemperature here\"."),
        Failure(status: 400, body: "<html>\(String(repeating: "x", count: 5000))", kind: .refused, words: "web page"),
        Failure(status: 200, body: "<html>", kind: .malformed, words: "web page"),
        Failure(status: 200, body: "{", kind: .malformed, words: "OPENAI_BASE_URL"),
        Failure(status: 200, body: "hello", kind: .unreachable, words: "lost"),
    ])
    func saysWhatHappenedAndWhatToDo(_ failure: Failure) async {
        let outcome = await outcome(Array(repeating: Self.answer(failure.status, failure.body), count: 5), text)
        #expect(outcome.error?.kind == failure.kind)
        #expect(outcome.error?.message.contains(failure.words) == true, "\(outcome.error?.message ?? "")")
        #expect(outcome.error?.message.contains(Self.key) == false)
        #expect(outcome.error?.message.contains("\n") == false)
        #expect((outcome.error?.message.count ?? 0) < 700)
        if failure.kind != .unreachable { #expect(outcome.bodies.count == 1) }
    }

    @Test func saysThatAHostIsUnknownWithoutAskingAgain() async {
        let outcome = await outcome([])
        #expect(outcome.error?.kind == .unreachable)
        #expect(outcome.bodies.count == 1)
        #expect(
            outcome.error?.message
                == "Unknown host models.example: check OPENAI_BASE_URL and this machine's network (DNS).")
    }

    @Test func tellsTheWantOfAKeyFromAWrongOne() async {
        let refused = Self.answer(401, "{}")
        let keyless = await outcome([refused], key: nil)
        #expect(keyless.error?.message == "models.example requires a key: set OPENAI_API_KEY.")
        #expect(await outcome([refused]).error?.message.contains("refuses the key") == true)
    }

    @Test func hidesTheKeyThatAServerRepeats() async {
        let body = #"{"error":{"message":"No access for \#(Self.key) (sk-ab**********5678)"}}"#
        let message = await outcome([Self.answer(400, body)]).error?.message
        #expect(message?.hasSuffix("It says: \"No access for [key] [key]\".") == true, "\(message ?? "")")
    }

    @Test func quotesTheBeginningAndTheEndOfLongWords() async {
        let words = "First " + String(repeating: "wörd ", count: 4000) + "and last."
        let message = await outcome([Self.answer(400, words)]).error?.message
        #expect(message.map { $0.count < 500 && $0.contains("\"First wörd") && $0.hasSuffix("and last.\".") } == true)
        for padding in 100...340 {
            let words = String(repeating: "x", count: padding) + Self.key + String(repeating: "y", count: 400 - padding)
            let message = await outcome([Self.answer(400, words)]).error?.message ?? ""
            #expect(!message.contains(Self.key.prefix(8)), "\(padding)")
            #expect(!message.contains(Self.key.suffix(8)), "\(padding)")
        }
    }

    @Test(arguments: [
        "Loading model", "Model is loading, please wait", "Model m is currently loading", "the model is not ready",
    ])
    func aModelThatIsBeingLoadedIsWaitedForLonger(message: String) async {
        let refusal = Self.answer(503, #"{"error":{"message":"\#(message)","type":"unavailable_error","code":503}}"#)
        let loaded = await outcome(Array(repeating: refusal, count: 7) + [Self.success])
        #expect(loaded.text == "ok")
        #expect(loaded.waits.count == 7)
        let never = await outcome(Array(repeating: refusal, count: 100))
        let waited = never.waits.reduce(0, +)
        #expect(never.error?.kind == .unavailable, "\(waited)")
        #expect(120..<151 ~= waited, "\(waited)")
    }

    @Test(arguments: ["Error: Jinja Exception: no", "Failed to apply chat template: unhashable type: 'list'"])
    func whatATemplateFailsAtIsNotAskedAgain(message: String) async {
        let refusal = Self.answer(500, #"{"error":{"code":500,"message":"\#(message)","type":"server_error"}}"#)
        let outcome = await outcome([refusal])
        #expect(outcome.error?.message.contains(message) == true)
        #expect(outcome.waits.isEmpty)
    }

    // MARK: - What is left out

    @Test func leavesOutStreamOptionsThatAreRefused() async throws {
        let refusal = Self.answer(400, #"{"error":{"message":"Unrecognized argument: stream_options"}}"#)
        let transport = FakeTransport([refusal, Self.success, Self.success])
        let endpoint = Endpoint(EndpointOptions(), transport: transport) { _ in }
        for _ in 0..<2 { _ = try await endpoint.complete(picture) { _ in } }
        #expect(transport.bodies.elements.map { $0["stream_options"] != nil } == [true, false, false])
        #expect(transport.bodies.elements.allSatisfy { $0["stream"] == true })
    }

    @Test(arguments: [
        (400, #"{"error":{"message":"m is not a multimodal model"}}"#),
        (404, #"{"error":{"message":"No endpoints found that support image input","code":404}}"#),
        (400, #"{"error":{"message":"messages[0].content must be a string"}}"#),
        (400, #"{"error":{"message":"content must be string"}}"#),
        (422, #"{"detail":[{"loc":["body","messages",0,"content"],"msg":"Input should be a valid string"}]}"#),
        (
            400,
            #"{"error":{"message":"json: cannot unmarshal array into Go struct field ChatMessage.messages.content of type string"}}"#
        ),
        (422, "Failed to deserialize: messages[0]: unknown variant `image_url`, expected `text`"),
        (500, #"{"error":{"code":500,"message":"image input is not supported - hint: you may need the mmproj"}}"#),
    ])
    func leavesOutPicturesThatAreRefused(status: Int, body: String) async throws {
        let transport = FakeTransport([Self.answer(status, body), Self.success, Self.success, Self.success])
        let endpoint = Endpoint(EndpointOptions(), transport: transport) { _ in }
        for model in ["m", "m", "other"] {
            var request = picture
            request.model = model
            _ = try await endpoint.complete(request) { _ in }
        }
        let texts = transport.bodies.elements.map(\.text)
        #expect(texts.map { $0.contains("data:x") } == [true, false, false, true])
        #expect(texts[1].contains("picture left out"))
    }

    @Test(arguments: [
        "You uploaded an unsupported image. Its format must be one of png, jpeg", "image exceeds 5 MB maximum",
        "Could not process image",
    ])
    func leavesOutPicturesThatAreBadThisTimeOnly(message: String) async throws {
        let refusal = Self.answer(400, #"{"error":{"message":"\#(message)"}}"#)
        let transport = FakeTransport([refusal, Self.success, Self.success])
        let endpoint = Endpoint(EndpointOptions(), transport: transport) { _ in }
        for _ in 0..<2 { _ = try await endpoint.complete(picture) { _ in } }
        #expect(transport.bodies.elements.map { $0.text.contains("data:x") } == [true, false, true])
    }

    @Test func asksOnceWithoutWhatIsRefused() async {
        let refusal = Self.answer(400, #"{"error":{"message":"image_url is not supported"}}"#)
        let outcome = await outcome(Array(repeating: refusal, count: 9))
        #expect(outcome.bodies.count == 2)
        #expect(outcome.error?.kind == .refused)
    }

    @Test(arguments: [
        (400, "input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000"),
        (400, "This model's maximum prompt length is 131072 but the request contains 140000 tokens."),
        (400, "The decoder prompt (length 9000) is longer than the maximum model length of 4096."),
        (400, "Prompt exceeds max length"), (400, "Range of input length should be [1, 30720]"),
        (400, "Your request exceeded model token limit: 8192"),
        (422, "`inputs` tokens + `max_new_tokens` must be <= 4096"),
        (422, "inputs must have less than 4096 tokens. Given: 5000"),
        (400, "The prompt is longer than the model can take"),
        (400, "Total tokens of image and text exceed max message tokens"),
        (400, "tokens in request more than max tokens allowed"), (400, "max_tokens must be at least 1, got -1204."),
        (400, "Input is too long for requested model."), (400, "Prompt 超长"), (400, "输入长度超过限制"),
        (400, "Invalid 'messages[4].content': string too long. Expected a string with maximum length 10485760."),
        (429, "Request too large for gpt-4o on tokens per min (TPM): Limit 30000, Requested 40000."),
    ])
    func knowsThatAConversationIsTooLong(status: Int, message: String) {
        let body = JSON.object(["error": ["message": .string(message)]]).text
        let refusal = UpstreamError(
            UpstreamResponseHead(status: status, retryAfter: nil, location: nil), body: Array(body.utf8))
        #expect(refusal.isTooLong)
        #expect(!refusal.mayPass)
    }

    @Test(arguments: [
        (429, "Rate limit reached: Limit 30000, Used 29000"), (400, "tools.0.name: string exceeds max length 64"),
    ])
    func takesNothingElseForThat(status: Int, message: String) {
        let body = JSON.object(["error": ["message": .string(message)]]).text
        let refusal = UpstreamError(
            UpstreamResponseHead(status: status, retryAfter: nil, location: nil), body: Array(body.utf8))
        #expect(!refusal.isTooLong)
    }
}
