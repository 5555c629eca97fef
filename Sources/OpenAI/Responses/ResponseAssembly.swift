public import JSON

/// A response as it comes to be: its output so far, and the events that tell a client of each step, in the API's order.
///
/// Does no I/O. Each function returns the events of its step, numbered without gaps from 0.
public struct ResponseAssembly: Sendable {
    /// The maximum total size in bytes of the results of calls that a response keeps.
    static let maxResults = 1 << 20

    /// What doesn't change.
    public let head: ResponseEnvelope
    /// The state.
    public private(set) var status = ResponseStatus.queued
    /// The finished items, and those in progress.
    public private(set) var output: [JSONObject] = []
    /// The text of the answer so far.
    public private(set) var text = ""

    private var ending: JSONObject = [:]
    private var nextNumber = 0
    private var events: [JSONObject] = []
    /// The index of the message in progress, with its text.
    private var message: (index: Int, text: String)?
    /// The indexes of calls in progress, by their ids.
    private var calls: [String: Int] = [:]
    private var resultBytes = 0
    /// Notes to be shown once the message is complete.
    private var notes: [String] = []

    /// Creates a response that nothing has happened to.
    public init(_ head: ResponseEnvelope) { self.head = head }

    /// The response as it is now.
    public var json: JSON {
        var output = output
        if let message { output[message.index]["content"] = [Self.part(message.text)] }
        return head.json(status, output: output, more: ending)
    }

    /// Returns an item of the output, without what is still in progress; `nil` if the id is unknown.
    public func item(_ id: String) -> JSONObject? { output.first { $0["id"]?.stringValue == id } }

    // MARK: - Beginning and end

    /// The response exists.
    ///
    /// - Parameter isQueued: whether it is worked on later.
    public mutating func create(isQueued: Bool) -> [JSONObject] {
        status = isQueued ? .queued : .inProgress
        addState("response.created")
        addState(isQueued ? "response.queued" : "response.in_progress")
        return taken()
    }

    /// Work on a queued response begins.
    public mutating func start() -> [JSONObject] {
        guard status == .queued else { return [] }
        status = .inProgress
        addState("response.in_progress")
        return taken()
    }

    /// The response is complete.
    ///
    /// - Parameter isCut: whether a limit ended it.
    public mutating func complete(isCut: Bool, usage: TokenUsage) -> [JSONObject] {
        guard !status.isFinal else { return [] }
        closeMessage(isCut ? "incomplete" : "completed")
        closeCalls()
        status = isCut ? .incomplete : .completed
        if isCut { ending["incomplete_details"] = ["reason": "max_output_tokens"] }
        ending["usage"] = usage.responseJSON
        addState(isCut ? "response.incomplete" : "response.completed")
        return taken()
    }

    /// The response has failed.
    public mutating func fail(_ error: JSON, usage: TokenUsage) -> [JSONObject] {
        guard !status.isFinal else { return [] }
        leaveOpenItems()
        status = .failed
        ending["error"] = error
        ending["usage"] = usage.responseJSON
        addState("response.failed")
        return taken()
    }

    /// The response was cancelled. The API has no event of its own for that.
    public mutating func cancel(usage: TokenUsage) -> [JSONObject] {
        guard !status.isFinal else { return [] }
        leaveOpenItems()
        status = .cancelled
        ending["usage"] = usage.responseJSON
        addState("response.incomplete")
        return taken()
    }

    // MARK: - Messages

    /// Text follows.
    public mutating func add(text piece: String) -> [JSONObject] {
        guard !piece.isEmpty, !status.isFinal else { return [] }
        text += piece
        let index: Int
        if let open = message?.index {
            index = open
        } else {
            index = openMessage()
            message = (index, "")
        }
        // In place: a copy of the text for each piece would take quadratic time.
        message?.text += piece
        add(
            "response.output_text.delta", index,
            ["content_index": 0, "delta": .string(piece), "logprobs": []])
        return taken()
    }

    private mutating func openMessage() -> Int {
        let index = addItem(
            "msg", ["type": "message", "status": "in_progress", "role": "assistant", "content": []])
        add("response.content_part.added", index, ["content_index": 0, "part": Self.part("")])
        return index
    }

    private mutating func closeMessage(_ status: JSON = "completed") {
        if let (index, text) = message {
            message = nil
            add("response.output_text.done", index, ["content_index": 0, "text": .string(text), "logprobs": []])
            add("response.content_part.done", index, ["content_index": 0, "part": Self.part(text)])
            output[index]["content"] = [Self.part(text)]
            finishItem(index, status)
        }
        for note in notes { addNote(note) }
        notes = []
    }

    private static func part(_ text: String) -> JSON {
        ["type": "output_text", "text": .string(text), "annotations": [], "logprobs": []]
    }

    // MARK: - Notes

    /// Something happened that a person should see: the summary of an item of reasoning.
    public mutating func add(note: String) -> [JSONObject] {
        guard !status.isFinal else { return [] }
        if message == nil { addNote(note) } else { notes.append(note) }
        return taken()
    }

    private mutating func addNote(_ note: String) {
        let index = addItem("rs", ["type": "reasoning", "status": "in_progress", "summary": []])
        let part: JSON = ["type": "summary_text", "text": .string(note)]
        add(
            "response.reasoning_summary_part.added", index,
            ["summary_index": 0, "part": ["type": "summary_text", "text": ""]])
        add("response.reasoning_summary_text.delta", index, ["summary_index": 0, "delta": .string(note)])
        add("response.reasoning_summary_text.done", index, ["summary_index": 0, "text": .string(note)])
        add("response.reasoning_summary_part.done", index, ["summary_index": 0, "part": part])
        output[index]["summary"] = [part]
        finishItem(index)
    }

    // MARK: - Calls

    /// The agent calls a tool of its own.
    ///
    /// - Parameter server: the name of the tool's server.
    public mutating func startCall(_ call: ChatToolCall, server: String) -> [JSONObject] {
        guard !status.isFinal else { return [] }
        closeMessage()
        let index = addItem(
            "mcp",
            [
                "type": "mcp_call", "status": "in_progress", "server_label": .string(server),
                "name": .string(call.name), "arguments": "", "approval_request_id": .null, "output": .null,
                "error": .null,
            ])
        calls[call.id] = index
        add("response.mcp_call.in_progress", index)
        addArguments(call.arguments, of: "response.mcp_call_arguments", index)
        return taken()
    }

    /// A call of the agent has ended.
    ///
    /// - Parameter result: what the model got.
    public mutating func endCall(_ id: String, result: String, isError: Bool) -> [JSONObject] {
        guard !status.isFinal, let index = calls.removeValue(forKey: id) else { return [] }
        var result = result
        resultBytes += result.utf8.count
        if resultBytes > Self.maxResults {
            resultBytes -= result.utf8.count
            result = "[The result is left out: the response has too many.]"
        }
        if isError {
            output[index]["error"] = [
                "type": "mcp_tool_execution_error", "content": [["type": "text", "text": .string(result)]],
            ]
        } else {
            output[index]["output"] = .string(result)
        }
        add("response.mcp_call.\(isError ? "failed" : "completed")", index)
        finishItem(index, isError ? "failed" : "completed")
        return taken()
    }

    /// The response is a call of a function of the client.
    public mutating func add(functionCall call: ChatToolCall) -> [JSONObject] {
        guard !status.isFinal else { return [] }
        closeMessage()
        let index = addItem(
            "fc",
            [
                "type": "function_call", "status": "in_progress", "call_id": .string(call.id),
                "name": .string(call.name), "arguments": "",
            ])
        addArguments(call.arguments, of: "response.function_call_arguments", index)
        finishItem(index)
        return taken()
    }

    private mutating func addArguments(_ arguments: String, of event: String, _ index: Int) {
        add("\(event).delta", index, ["delta": .string(arguments)])
        add("\(event).done", index, ["arguments": .string(arguments), "name": output[index]["name"] ?? .null])
        output[index]["arguments"] = .string(arguments)
    }

    private mutating func closeCalls() {
        for index in calls.values.sorted() { finishItem(index, "incomplete") }
        calls = [:]
    }

    // MARK: - Items and events

    /// What is in progress stays as it is.
    private mutating func leaveOpenItems() {
        if let (index, text) = message { output[index]["content"] = [Self.part(text)] }
        message = nil
        calls = [:]
        for index in output.indices where output[index]["status"] == "in_progress" {
            output[index]["status"] = "incomplete"
        }
    }

    private mutating func addItem(_ kind: String, _ members: JSONObject) -> Int {
        let index = output.count
        var item: JSONObject = ["id": .string("\(kind)_\(head.word)_\(index)")]
        for member in members { item[member.key] = member.value }
        output.append(item)
        record(
            ["type": "response.output_item.added", "output_index": .integer(index), "item": .object(item)])
        return index
    }

    private mutating func finishItem(_ index: Int, _ status: JSON = "completed") {
        output[index]["status"] = status
        record(
            [
                "type": "response.output_item.done", "output_index": .integer(index),
                "item": .object(output[index]),
            ])
    }

    /// Adds an event of an item.
    private mutating func add(_ type: String, _ index: Int, _ members: JSONObject = [:]) {
        var event: JSONObject = [
            "type": .string(type), "item_id": output[index]["id"] ?? .null, "output_index": .integer(index),
        ]
        for member in members { event[member.key] = member.value }
        record(event)
    }

    private mutating func addState(_ type: String) {
        record(["type": .string(type), "response": json])
    }

    private mutating func record(_ event: JSONObject) {
        var event = event
        event["sequence_number"] = .integer(nextNumber)
        nextNumber += 1
        events.append(event)
    }

    private mutating func taken() -> [JSONObject] {
        defer { events = [] }
        return events
    }
}
