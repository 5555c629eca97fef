import JSON
import MCP
import OpenAI
import TestSupport
import Testing

@testable import ExecAgent

@Suite(.timeLimit(.minutes(3))) struct ChatToolCallTests {
    /// Runs one turn with these calls.
    private func turn(
        _ calls: [ChatToolCall], outcome: ToolOutcome = ToolOutcome(content: [.text("seen")]),
        images: ImagePolicy = .auto
    ) async throws -> (AgentTrial, [ChatMessage]) {
        var trial = AgentTrial(
            ScriptedChatModel(
                ScriptedChatModel.says("", finish: .toolCalls, calling: calls), ScriptedChatModel.says("done")),
            ScriptedToolBox { _, _ in outcome })
        trial.settings.images = images
        return (trial, try await trial.run().messages)
    }

    @Test(arguments: [
        (#"{"a": "#, "unexpected end"), ("[1]", "they are an array"), ("\"x\"", "they are a string"),
        ("null", "they are null"), ("{} {}", "at byte"),
    ])
    func aBadArgumentGoesBackToTheModel(arguments: String, reason: String) async throws {
        let (trial, messages) = try await turn([.look("a", arguments), .look("b", "")])
        let text = messages.first { $0.toolCallID == "a" }?.text ?? ""
        #expect(text.hasPrefix("Error: The arguments of this call are not one JSON object ("))
        #expect(text.contains(reason))
        #expect(text.hasSuffix("The arguments were: \(arguments)"))
        // Some endpoints fail at a conversation with arguments that are not JSON.
        #expect(messages.first?.toolCalls.map(\.arguments) == ["{}", "{}"])
        #expect(trial.toolProvider.calls.elements == [JSONObject()])
    }

    @Test func anUnknownToolGoesBackToTheModel() async throws {
        let (trial, messages) = try await turn([ChatToolCall(id: "a", name: "listen", arguments: "{}")])
        #expect(messages[1].text == "Error: There is no tool named 'listen'. The tools: look.")
        #expect(trial.toolProvider.calls.elements.isEmpty)
        #expect(
            trial.events.elements.contains {
                if case .toolEnded(let end) = $0 { end.isError && end.name == "listen" } else { false }
            })
    }

    @Test(arguments: [
        "look<|channel|>commentary", "look <|constrain|>json", "functions.look", " look\n",
        "<|start|>functions.look<|x|>",
        "default_api:look", "`look`", "look()", "Look", "to=functions.look", "look:",
    ])
    func aNameWithSignsOfTheServerAroundItIsThatOfTheTool(name: String) async throws {
        let (trial, messages) = try await turn([ChatToolCall(id: "a", name: name, arguments: "{}")])
        #expect(trial.toolProvider.calls.elements.count == 1)
        #expect(messages[0].toolCalls.map(\.name) == ["look"])
        #expect(messages[1].text == "seen")
    }

    @Test(arguments: [("dance<|channel|>x", "dance__channel__x"), ("é t", "__t"), ("", "unnamed")])
    func aNameThatNoEndpointTakesGoesBackAsOneThatAllTake(name: String, sent: String) async throws {
        let (trial, messages) = try await turn([ChatToolCall(id: "a", name: name, arguments: "{}")])
        #expect(trial.toolProvider.calls.elements.isEmpty)
        #expect(messages[0].toolCalls.map(\.name) == [sent])
        let (_, long) = try await turn([
            ChatToolCall(id: "a", name: String(repeating: "x", count: 5000), arguments: "{}")
        ])
        #expect(long[0].toolCalls[0].name.count == 64)
    }

    @Test(arguments: [#"{"a": "x\ud83d"}"#, "{\"a\": \"x\ny\"}"])
    func argumentsThatAreNearlyJSONAreRead(arguments: String) async throws {
        let (trial, messages) = try await turn([.look("a", arguments)])
        let sent = try JSON.parse(messages[0].toolCalls[0].arguments)
        #expect(trial.toolProvider.calls.elements.map { JSON.object($0) } == [sent])
        #expect(["x\u{FFFD}", "x\ny"].contains(sent["a"]?.stringValue ?? ""))
    }

    @Test func callsWithoutAnIDOfTheirOwnGetOne() async throws {
        let (_, messages) = try await turn([.look(""), .look("x"), .look("x")])
        #expect(messages[0].toolCalls.map(\.id) == ["call_1_0", "x", "call_1_2"])
        #expect(messages.compactMap(\.toolCallID) == ["call_1_0", "x", "call_1_2"])
    }

    @Test func aFailureIsMarkedAsOne() async throws {
        let (_, messages) = try await turn([.look("a")], outcome: .failure("no disk"))
        #expect(messages[1].text == "Error: no disk")
        let (_, same) = try await turn([.look("a")], outcome: .failure("error: no disk"))
        #expect(same[1].text == "error: no disk")
    }

    @Test func anEmptyResultIsNotEmptyText() async throws {
        let (_, messages) = try await turn([.look("a")], outcome: ToolOutcome(content: []))
        #expect(messages[1].text == "(no output)")
    }

    @Test func picturesFollowAsTheUsersMessage() async throws {
        let picture = ToolOutcome(content: [.text("a plot"), .image(data: SamplePicture.png(), mediaType: "image/png")])
        let (_, messages) = try await turn([.look("a"), .look("b")], outcome: picture)
        #expect(messages.map(\.role) == [.assistant, .tool, .tool, .user, .assistant])
        let size = SamplePicture.png().count
        #expect(messages[1].text == "a plot\n[a picture, image/png, \(size) bytes: it follows below]")
        let address = "data:image/png;base64,\(Base64.encode(SamplePicture.png()))"
        #expect(
            messages[3].content == [
                .text("The picture that look returned (a):"), .imageURL(address),
                .text("The picture that look returned (b):"), .imageURL(address),
            ])
    }

    @Test func picturesStayAwayWhereTheyAreNotWanted() async throws {
        let picture = ToolOutcome(content: [.image(data: SamplePicture.png(), mediaType: "image/png")])
        let (_, messages) = try await turn([.look("a")], outcome: picture, images: .never)
        #expect(messages.map(\.role) == [.assistant, .tool, .assistant])
        #expect(messages[1].text == "[a picture, image/png, \(SamplePicture.png().count) bytes: it is not shown]")
    }

    @Test func aPictureThatIsTooLargeIsNotShown() {
        let outcome = ToolOutcome(content: [.image(data: SamplePicture.png(), mediaType: "image/png")])
        let size = SamplePicture.png().count
        for (limit, count) in [(size - 1, 0), (size, 1)] {
            let result = ToolResultText(outcome, settings: AgentSettings(model: "m", imageLimit: limit))
            #expect(result.imageAddresses.count == count)
        }
    }

    @Test func ofProgressOnlyTheNewestWaits() async throws {
        let events = ToolEvents()
        events.add(.toolStarted(.look("a")))
        for number in 1...1000 {
            events.add(.toolProgress(callID: "a", message: "\(number)"))
            events.add(.toolProgress(callID: "b", message: "\(number)"))
        }
        events.finish()
        let told = Recorder<AgentEvent>()
        await events.deliver { told.record($0) }
        #expect(
            told.elements == [
                .toolStarted(.look("a")), .toolProgress(callID: "a", message: "1000"),
                .toolProgress(callID: "b", message: "1000"),
            ])
    }
}
