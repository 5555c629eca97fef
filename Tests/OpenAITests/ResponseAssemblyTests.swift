import JSON
import Testing

@testable import OpenAI

/// The events of a response, and what it is after them.
@Suite struct ResponseAssemblyTests {
    private static let call = ChatToolCall(id: "c1", name: "execute_bash", arguments: #"{"command":"ls"}"#)
    private static let usage = TokenUsage(prompt: 5, completion: 2)

    private func assembly(_ body: String = #"{"input":"x"}"#, isDemanded: Bool = false) throws -> ResponseAssembly {
        let request = try ResponseRequest(parsing: JSON.parse(body))
        return ResponseAssembly(
            ResponseEnvelope(
                word: "w", created: 7, model: "m", request: request, isStored: true, isDemanded: isDemanded))
    }

    private func types(_ events: [JSONObject]) -> [String] {
        events.compactMap { $0["type"]?.stringValue?.replacing("response.", with: "") }
    }

    @Test func tellsEachStepInOrder() throws {
        var response = try assembly()
        var events = response.create(isQueued: false)
        events += response.add(note: "again")
        events += response.add(text: "Let me look.")
        events += response.startCall(Self.call, server: "exec-mcp")
        events += response.endCall("c1", result: "a.txt", isError: false)
        events += response.add(text: "\n\nOne")
        events += response.add(text: " file.")
        events += response.complete(isCut: false, usage: Self.usage)
        #expect(
            types(events) == [
                "created", "in_progress",
                "output_item.added", "reasoning_summary_part.added", "reasoning_summary_text.delta",
                "reasoning_summary_text.done", "reasoning_summary_part.done", "output_item.done",
                "output_item.added", "content_part.added", "output_text.delta",
                "output_text.done", "content_part.done", "output_item.done",
                "output_item.added", "mcp_call.in_progress", "mcp_call_arguments.delta", "mcp_call_arguments.done",
                "mcp_call.completed", "output_item.done",
                "output_item.added", "content_part.added", "output_text.delta", "output_text.delta",
                "output_text.done", "content_part.done", "output_item.done",
                "completed",
            ])
        #expect(events.map { $0["sequence_number"] } == (0..<events.count).map { .integer($0) })
        #expect(
            events.compactMap { $0["output_index"]?.integerValue }
                == events.compactMap { $0["output_index"]?.integerValue }.sorted())
        let output = response.json["output"]?.arrayValue ?? []
        #expect(output.map { $0["type"] } == ["reasoning", "message", "mcp_call", "message"])
        #expect(output.map { $0["id"] } == ["rs_w_0", "msg_w_1", "mcp_w_2", "msg_w_3"])
        #expect(output.allSatisfy { $0["status"] == "completed" })
        #expect(output[2]["output"] == "a.txt")
        #expect(output[2]["server_label"] == "exec-mcp")
        #expect(output[2]["arguments"] == .string(Self.call.arguments))
        #expect(output[3]["content"]?.arrayValue?.first?["text"] == "\n\nOne file.")
        #expect(response.text == "Let me look.\n\nOne file.")
        #expect(events.last?["response"] == response.json)
        #expect(response.json["usage"]?["total_tokens"] == 7)
        #expect(response.item("mcp_w_2")?["name"] == "execute_bash")
    }

    @Test func eachItemIsDoneAsItStands() throws {
        var response = try assembly()
        let events = response.add(text: "a") + response.complete(isCut: false, usage: Self.usage)
        let done = events.first { $0["type"] == "response.output_item.done" }
        #expect(done?["item"] == response.json["output"]?.arrayValue?.first)
    }

    @Test func callsThatOverlapKeepTheirPlaces() throws {
        var response = try assembly()
        var other = Self.call
        other.id = "c2"
        var events = response.startCall(Self.call, server: "s") + response.startCall(other, server: "s")
        events += response.endCall("c2", result: "two", isError: true)
        events += response.endCall("c1", result: "one", isError: false)
        let done = events.filter { $0["type"] == "response.output_item.done" }
        #expect(done.map { $0["output_index"] } == [1, 0])
        let output = response.json["output"]?.arrayValue ?? []
        #expect(output.map { $0["status"] } == ["completed", "failed"])
        #expect(output[1]["output"] == JSON.null)
        #expect(output[1]["error"]?["type"] == "mcp_tool_execution_error")
        #expect(types(events).contains("mcp_call.failed"))
        #expect(response.endCall("c1", result: "again", isError: false).isEmpty)
    }

    @Test func aNoteWaitsForTheEndOfTheText() throws {
        var response = try assembly()
        _ = response.add(text: "a")
        #expect(response.add(note: "n").isEmpty)
        _ = response.add(text: "b")
        _ = response.complete(isCut: false, usage: Self.usage)
        #expect(response.json["output"]?.arrayValue?.map { $0["type"] } == ["message", "reasoning"])
    }

    @Test func aFunctionCallIsTheAnswer() throws {
        var response = try assembly(
            #"{"input":"x","tools":[{"type":"function","name":"f"}],"tool_choice":"required"}"#, isDemanded: true)
        let events = response.add(functionCall: ChatToolCall(id: "call_1", name: "f", arguments: "{}"))
        #expect(
            types(events) == [
                "output_item.added", "function_call_arguments.delta", "function_call_arguments.done",
                "output_item.done",
            ])
        let item = response.json["output"]?.arrayValue?.first
        #expect(item?["call_id"] == "call_1")
        #expect(item?["status"] == "completed")
        #expect(response.json["tool_choice"] == "required")
    }

    @Test func toolsThatAreIgnoredAreNotTheResponses() throws {
        let json = try assembly(#"{"input":"x","tools":[{"type":"function","name":"f"}]}"#).json
        #expect(json["tools"] == [])
        #expect(json["tool_choice"] == "auto")
    }

    @Test func aLimitMakesItIncomplete() throws {
        var response = try assembly()
        _ = response.add(text: "a")
        let events = response.complete(isCut: true, usage: Self.usage)
        #expect(types(events).last == "incomplete")
        #expect(response.json["status"] == "incomplete")
        #expect(response.json["incomplete_details"] == ["reason": "max_output_tokens"])
        #expect(response.json["output"]?.arrayValue?.first?["status"] == "incomplete")
    }

    @Test func aFailureKeepsWhatThereWas() throws {
        var response = try assembly()
        _ = response.create(isQueued: false)
        _ = response.add(text: "a")
        _ = response.startCall(Self.call, server: "s")
        let events = response.fail(["code": "server_error", "message": "gone"], usage: Self.usage)
        #expect(types(events) == ["failed"])
        #expect(response.json["error"] == ["code": "server_error", "message": "gone"])
        #expect(response.json["output"]?.arrayValue?.map { $0["status"] } == ["completed", "incomplete"])
    }

    @Test func nothingFollowsTheEnd() throws {
        var response = try assembly()
        #expect(types(response.create(isQueued: true)) == ["created", "queued"])
        #expect(types(response.start()) == ["in_progress"])
        #expect(response.start().isEmpty)
        _ = response.add(text: "a")
        #expect(types(response.cancel(usage: Self.usage)) == ["incomplete"])
        #expect(response.json["status"] == "cancelled")
        #expect(response.add(text: "b").isEmpty)
        #expect(response.add(note: "b").isEmpty)
        #expect(response.startCall(Self.call, server: "s").isEmpty)
        #expect(response.complete(isCut: false, usage: Self.usage).isEmpty)
        #expect(response.fail([:], usage: Self.usage).isEmpty)
        #expect(response.json["output"]?.arrayValue?.first?["content"]?.arrayValue?.first?["text"] == "a")
    }

    @Test func resultsAreBounded() throws {
        var response = try assembly()
        let long = String(repeating: "x", count: ResponseAssembly.maxResults - 10)
        for (id, result) in [("1", long), ("2", long), ("3", "short")] {
            var call = Self.call
            call.id = id
            _ = response.startCall(call, server: "s")
            _ = response.endCall(id, result: result, isError: false)
        }
        let results = response.json["output"]?.arrayValue?.map { $0["output"]?.stringValue } ?? []
        #expect(results == [long, "[The result is left out: the response has too many.]", "short"])
    }
}
