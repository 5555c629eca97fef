import JSON
import OpenAI
import Threading

/// The tool calls of one run.
struct ToolCalls: Sendable {
    let toolBox: any ToolProvider
    /// The tools that there are.
    let toolNames: [String]
    let user: String?
    let settings: AgentSettings
    let deadline: Deadline?
    let onEvent: @Sendable (AgentEvent) async -> Void

    /// How much of arguments that are none the model is shown, in characters.
    private static let quoteLimit = 300

    /// Runs the calls of one turn at once.
    ///
    /// - Returns: a message for each, in the order of the calls, and the pictures behind them.
    /// - Throws: `CancellationError` when the task is cancelled; the calls have ended then.
    func run(_ calls: [ToolCall]) async throws -> [ChatMessage] {
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

    /// Messages for calls that are not run.
    ///
    /// - Parameter reason: why not.
    func results(of calls: [ToolCall], without reason: String) -> [ChatMessage] {
        messages(for: calls, [:], otherwise: "Not run. \(reason)")
    }

    /// The call as it can go back to an endpoint.
    static func acceptable(_ call: ToolCall) -> ToolCall {
        ToolCall(
            id: call.id, name: ToolName.acceptable(call.name), arguments: acceptable(call.arguments), extra: call.extra)
    }

    /// Whether the arguments of a call are whole.
    static func isWhole(_ call: ToolCall) -> Bool {
        if case .success = arguments(of: call) { true } else { false }
    }

    /// Arguments as they can go back to an endpoint: those that read them fail at what is not a JSON object.
    static func acceptable(_ arguments: String) -> String {
        if (try? JSON.parse(arguments))?.objectValue != nil { return arguments }
        guard let object = (try? JSON.parseModelText(Array(arguments.utf8)))?.objectValue else { return "{}" }
        return JSON.object(object).text
    }

    private func messages(
        for calls: [ToolCall], _ results: [Int: ToolResultText], otherwise: String = "Not run: the time was up."
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
        // A tool's message carries nothing but text in this API, so the pictures follow as the user's.
        if !pictures.isEmpty { messages.append(ChatMessage(role: .user, content: pictures)) }
        return messages
    }

    private func run(_ call: ToolCall, _ events: ToolEvents) async -> ToolResultText {
        let began = ContinuousClock.now
        events.add(.toolStarted(call))
        let outcome = await outcome(of: call, events)
        let result = ToolResultText(outcome, settings: settings)
        events.add(
            .toolEnded(
                AgentEvent.ToolEnd(
                    callID: call.id, name: call.name, isError: outcome.isError, exitCode: outcome.exitCode,
                    duration: (ContinuousClock.now - began) / .seconds(1), artifacts: result.artifacts)))
        return result
    }

    private func outcome(of call: ToolCall, _ events: ToolEvents) async -> ToolOutcome {
        guard toolNames.contains(call.name) else {
            let names = toolNames.isEmpty ? "there are none" : toolNames.joined(separator: ", ")
            return .failure("There is no tool named '\(call.name.prefix(100))'. The tools: \(names).")
        }
        switch Self.arguments(of: call) {
        case .failure(let error):
            return .failure(error.message)
        case .success(let arguments):
            return await toolBox.call(call.name, arguments, user: user) { message in
                events.add(.toolProgress(callID: call.id, message: message))
            }
        }
    }

    private struct ArgumentsError: Error {
        let message: String
    }

    private static func arguments(of call: ToolCall) -> Result<JSONObject, ArgumentsError> {
        // What a tool without parameters is called with by some models.
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
                    again with one complete JSON object. What came was: \(quote)
                    """))
    }
}
