import JSON
import OpenAI
import TestSupport
import Testing

@testable import ExecAgent

/// Pictures that an endpoint refuses in words that nobody knows.
@Suite struct UnexplainedRefusalTests {
    private let withPicture = ChatRequest(
        model: "m", messages: [ChatMessage(role: .user, content: [.text("What is it?"), .imageURL("data:x")])])

    private static func hasPictures(_ body: JSON) -> Bool { body.text.contains("image_url") }

    private func ask(_ endpoint: Endpoint, _ request: ChatRequest) async throws -> [ModelEvent] {
        let events = Recorder<ModelEvent>()
        _ = try await endpoint.complete(request) {
            if case .text = $0 { return }; events.record($0)
        }
        return events.elements
    }

    private func endpoint(_ transport: StrictEndpoint) -> Endpoint {
        Endpoint(EndpointOptions(), transport: transport) { _ in }
    }

    @Test(arguments: [
        (400, #"{"error":{"message":"Bad request"}}"#), (422, "Unprocessable"), (400, ""), (400, "<html>no</html>"),
        (422, #"{"detail":[{"loc":["body","messages",0],"msg":"Input should be a valid shape"}]}"#),
        (400, #"{"error":{"message":"Die Anfrage ist ungültig","code":"E17"}}"#),
        (400, #"{"code":20015,"message":"params"}"#),
        (500, ""), (500, #"{"error":{"message":"Internal Server Error"}}"#), (500, "<html>oops</html>"),
        (500, "Internal server error."), (500, #"{"error":{"message":"","code":500}}"#),
    ])
    func theRequestIsSentWithoutPicturesAndThatIsSaidOnceAndRemembered(status: Int, body: String) async throws {
        let transport = StrictEndpoint([{ Self.hasPictures($0) ? (status, body) : nil }])
        let endpoint = endpoint(transport)
        let notices = try await ask(endpoint, withPicture).filter { if case .notice = $0 { true } else { false } }
        #expect(notices.count == 1)
        let count = transport.bodies.elements.count
        #expect(count == (status == 500 ? 4 : 2))
        #expect(transport.bodies.elements.last?.text.contains("picture left out") == true)
        #expect(try await ask(endpoint, withPicture) == [])
        #expect(transport.bodies.elements.count == count + 1)
    }

    @Test(arguments: [
        (400, #"{"error":{"message":"No such shape"}}"#, 2), (400, #"{"error":{"message":"Bad request"}}"#, 5),
        (422, "", 5), (401, "no", 1), (403, "no", 1),
        (402, "pay", 1), (404, #"{"error":{"message":"The model m does not exist"}}"#, 1), (500, "", 6),
        (503, "", 5), (500, #"{"error":{"message":"CUDA out of memory"}}"#, 5), (429, "", 5),
        (400, #"{"error":{"message":"The context length is exceeded"}}"#, 1),
    ])
    func whatIsRefusedWithoutPicturesTooIsToldAsItWasAndNothingIsRemembered(
        status: Int, body: String, requests: Int
    ) async throws {
        let refuses = Recorder<Bool>()
        let transport = StrictEndpoint([{ _ in refuses.elements.isEmpty ? (status, body) : nil }])
        let endpoint = endpoint(transport)
        await #expect(throws: ModelError.self) { try await ask(endpoint, withPicture) }
        #expect(transport.bodies.elements.count == requests)
        refuses.record(true)
        #expect(try await ask(endpoint, withPicture) == [])
        #expect(Self.hasPictures(transport.bodies.elements.last ?? .null))
    }

    @Test func whereThereAreNoPicturesNothingIsTried() async throws {
        let transport = StrictEndpoint([{ _ in (400, "No such shape") }])
        let request = ChatRequest(model: "m", messages: [ChatMessage(role: .user, text: "hi")])
        await #expect(throws: ModelError.self) { try await ask(endpoint(transport), request) }
        #expect(transport.bodies.elements.count == 1)
    }

    @Test func theErrorIsThatOfTheRequestWithPictures() async throws {
        let transport = StrictEndpoint([
            { Self.hasPictures($0) ? (400, StrictEndpoint.error("first")) : (400, StrictEndpoint.error("second")) }
        ])
        let error = await #expect(throws: ModelError.self) { try await ask(endpoint(transport), withPicture) }
        #expect(error?.message.contains("first") == true)
        #expect(error?.status == 400)
    }

    @Test func anAnswerWithoutPicturesThatBreaksOffIsNotAskedForAgain() async throws {
        let server = try ScriptedServer { number in
            number < 3 ? .answer("500 Oops", "") : .begin([ScriptedServer.Step].textEvent("half")) + [.reset]
        }
        defer { server.close() }
        var options = EndpointOptions()
        options.baseURL = server.url
        let endpoint = Endpoint(options, transport: try SystemTransport(options)) { _ in }
        let error = await #expect(throws: ModelError.self) { try await endpoint.complete(withPicture) { _ in } }
        #expect(error?.message.contains("in the middle of the answer") == true)
        #expect(server.requests.elements.count == 4)
    }
}
