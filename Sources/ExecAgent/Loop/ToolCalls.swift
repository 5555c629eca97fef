import JSON
import OpenAI
import Threading

/// Runs the tool calls of one run.
struct ToolCalls: Sendable {
    let toolProvider: any ToolProvider
    /// The names of the available tools.
    let toolNames: [String]
    let user: String?
    let settings: AgentSettings
    let deadline: Deadline?
    /// Answers what tool servers ask the person; `nil` if they cannot be answered.
    let answerer: (any QuestionAnswerer)?
    let onEvent: @Sendable (AgentEvent) async -> Void

    /// Maximum length of invalid arguments quoted to the model, in characters.
    private static let quoteLimit = 300

    /// Runs the calls of one turn concurrently.
    ///
    /// - Returns: a message for each, in the order of the calls, followed by the pictures.
    /// - Throws: `CancellationError` if the task is cancelled; all calls have ended by then.
    func run(_ calls: [ChatToolCall]) async throws -> [ChatMessage] {
        let events = ToolEvents()
        let results = Locked([Int: ToolResultText]())
        async let delivery: Void = events.deliver(to: onEvent)
        _ = try await withDeadline(deadline) {
            await withTaskGroup(of: Void.self) { group in
                for (place, call) in calls.enumerated() {
                    if place >= settings.simultaneousCalls { await group.next() }
                    group.addTask {
                        guard !Task.isCancelled else { return }
                        let result = await run(call, events)
                        results.withLock { $0[place] = result }
                    }
                }
            }
        }
        events.finish()
        await delivery
        try Task.checkCancellation()
        return messages(for: calls, results.withLock { $0 })
    }

    /// Creates result messages for calls that aren't run.
    ///
    /// - Parameter reason: why they aren't run.
    func results(of calls: [ChatToolCall], without reason: String) -> [ChatMessage] {
        messages(for: calls, [:], otherwise: "Not run. \(reason)")
    }

    /// Returns the call in a form that endpoints accept.
    static func acceptable(_ call: ChatToolCall) -> ChatToolCall {
        ChatToolCall(
            id: call.id, name: ToolName.acceptable(call.name), arguments: acceptable(call.arguments), extra: call.extra)
    }

    /// Whether a call's arguments are complete.
    static func isWhole(_ call: ChatToolCall) -> Bool {
        if case .success = arguments(of: call) { true } else { false }
    }

    /// Returns arguments in a form that endpoints accept: those that parse them reject anything but a JSON object.
    static func acceptable(_ arguments: String) -> String {
        if (try? JSON.parse(arguments))?.objectValue != nil { return arguments }
        guard let object = (try? JSON.parseModelText(Array(arguments.utf8)))?.objectValue else { return "{}" }
        return JSON.object(object).text
    }

    private func messages(
        for calls: [ChatToolCall], _ results: [Int: ToolResultText],
        otherwise: String = "Not run: the time limit was reached."
    ) -> [ChatMessage] {
        var messages: [ChatMessage] = []
        var pictures: [ContentPart] = []
        for (place, call) in calls.enumerated() {
            let text = results[place]?.text ?? otherwise
            messages.append(ChatMessage(role: .tool, content: [.text(text)], toolCallID: call.id))
            for address in results[place]?.imageAddresses ?? [] {
                pictures += [.text("The picture that \(call.name) returned (\(call.id)):"), .imageURL(address)]
            }
        }
        // In this API a tool message contains only text, so pictures follow in a user message.
        if !pictures.isEmpty { messages.append(ChatMessage(role: .user, content: pictures)) }
        return messages
    }

    private func run(_ call: ChatToolCall, _ events: ToolEvents) async -> ToolResultText {
        let start = ContinuousClock.now
        events.add(.toolStarted(call))
        let outcome = await outcome(of: call, events)
        let result = ToolResultText(outcome, settings: settings)
        events.add(.toolOutput(ToolOutput(outcome, of: call.id)))
        events.add(
            .toolEnded(
                AgentEvent.ToolEnd(
                    callID: call.id, name: call.name, isError: outcome.isError, exitCode: outcome.exitCode,
                    duration: (ContinuousClock.now - start) / .seconds(1), artifacts: result.artifacts)))
        return result
    }

    private func outcome(of call: ChatToolCall, _ events: ToolEvents) async -> ToolOutcome {
        guard toolNames.contains(call.name) else {
            let names = toolNames.isEmpty ? "there are none" : toolNames.joined(separator: ", ")
            return .failure("There is no tool named '\(call.name.prefix(100))'. The tools: \(names).")
        }
        switch Self.arguments(of: call) {
        case .failure(let error):
            return .failure(error.message)
        case .success(let arguments):
            let questions = answerer.map { CallQuestions(callID: call.id, answerer: $0, onEvent: events.add) }
            return await toolProvider.call(call.name, arguments, user: user, questions: questions) { message in
                events.add(.toolProgress(callID: call.id, message: message))
            }
        }
    }

    private struct ArgumentsError: Error {
        let message: String
    }

    private static func arguments(of call: ChatToolCall) -> Result<JSONObject, ArgumentsError> {
        // Some models send no arguments for a tool without parameters.
        if call.arguments.allSatisfy(\.isWhitespace) { return .success(JSONObject()) }
        let problem: String
        do throws(JSONParseError) {
            let value = try JSON.parseModelText(Array(call.arguments.utf8))
            if let object = value.objectValue { return .success(object) }
            problem = "they are \(value.kindDescription)"
        } catch {
            problem = "\(error)"
        }
        let quote = call.arguments.count > quoteLimit ? call.arguments.prefix(quoteLimit) + "…" : call.arguments[...]
        return .failure(
            ArgumentsError(
                message: """
                    The arguments of this call are not one JSON object (\(problem)), so the tool was not run. Call it \
                    again with one complete JSON object. The arguments were: \(quote)
                    """))
    }
}
