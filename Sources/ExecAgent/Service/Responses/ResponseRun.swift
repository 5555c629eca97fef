import JSON
import OpenAI
import Threading

/// A run of the agent, presented as a response.
struct ResponseRun: Sendable {
    /// Maximum size in bytes of a call's arguments that are shown.
    private static let maxArguments = 64 * 1024
    /// The server's name if that of a tool is unknown.
    private static let agent = "agent"

    let call: ResponseCall
    let response: LiveResponse
    let runs: ServedRuns
    let store: ResponseStore
    let limits: RunLimits
    /// Returns the server of a tool; `nil` if unknown.
    let serverName: @Sendable (_ tool: String) -> String?
    /// Receives the events, in order.
    let onEvents: @Sendable ([JSONObject]) async -> Void

    /// Runs the agent until the response is complete, and stores it.
    ///
    /// - Throws: what the run throws; the response isn't complete then.
    func run(_ turn: PerUserQueue.Turn) async throws {
        defer { turn.end() }
        try await turn.wait()
        await onEvents(response.update { $0.start() })
        let messages = try await runs.attachments.place(call.messages, of: call.caller.user)
        let results = Locked<[String: String]>([:])
        let made = MadeArtifacts()
        let (result, demanded) = try await runs.work(
            on: call.conversation(messages), call, id: response.name, limits: limits
        ) { event in
            made.note(event)
            await onEvents(response.update { apply(event, to: &$0, results) })
        }
        var ended = result.messages
        if let demanded {
            let functionCall = ChatToolCall(
                id: "call_\(RandomWord.make(24))", name: demanded.name, arguments: demanded.arguments)
            await onEvents(response.update { $0.add(functionCall: functionCall) })
            // The client answers this call, not the text in which the model wrote it.
            if ended.last?.role == .assistant { ended.removeLast() }
            ended.append(ChatMessage(role: .assistant, content: [], toolCalls: [functionCall]))
        } else {
            await onEvents(
                response.update { assembly in
                    assembly.add(text: runs.ending(of: call, result, made, after: assembly.text))
                })
        }
        response.keep(call.history + messages + ended)
        let last = response.update {
            $0.complete(isCut: result.end != .answered, usage: result.usage ?? .unknown)
        }
        // Before the client learns of the end, so that it can go on at once.
        if call.request.isStored { store.keep(response) }
        await onEvents(last)
    }

    private func apply(
        _ event: AgentEvent, to assembly: inout ResponseAssembly, _ results: Locked<[String: String]>
    ) -> [JSONObject] {
        switch event {
        case .text(let text): return assembly.add(text: text)
        case .toolStarted(let call):
            return assembly.startCall(
                ChatToolCall(id: call.id, name: call.name, arguments: Self.shown(call.arguments)),
                server: serverName(call.name) ?? Self.agent)
        case .toolOutput(let output):
            results.withLock { $0[output.callID] = output.shown }
            return []
        case .toolEnded(let end):
            let result = results.withLock { $0.removeValue(forKey: end.callID) }
            return assembly.endCall(
                end.callID, result: result ?? event.summary ?? "", isError: end.isError)
        case .retrying, .questionAsked, .questionClosed:
            return event.summary.map { assembly.add(note: $0) } ?? []
        case .notice(let text): return assembly.add(note: text)
        case .toolProgress, .turnEnded: return []
        }
    }

    /// Clients parse arguments, so they aren't cut in the middle.
    private static func shown(_ arguments: String) -> String {
        guard arguments.utf8.count > maxArguments else { return arguments }
        let beginning = String(decoding: arguments.utf8.prefix(maxArguments / 2), as: UTF8.self)
        return JSON.object(["beginning": .string(beginning), "size": .integer(arguments.utf8.count)]).text
    }
}

extension ToolOutput {
    /// The result in one text.
    fileprivate var shown: String {
        let parts = [text, standardOutput, standardError].compactMap { $0?.joined }.filter { !$0.isEmpty }
        return parts.joined(separator: "\n")
    }
}

extension ToolOutput.CutText {
    fileprivate var joined: String { omitted == 0 ? head : "\(head)\n[… \(omitted) bytes left out …]\n\(tail)" }
}
