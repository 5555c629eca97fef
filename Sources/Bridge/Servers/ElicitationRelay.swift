import MCPClient
import Threading

/// Relays the questions of a legacy server, which doesn't say which call it asks for: only while all calls and reads
/// that it works on are of one command. Otherwise a question might reach the wrong person, and is dismissed.
final class ElicitationRelay: ElicitationHandler {
    let modes: Set<Elicitation.Mode> = [.form, .url]

    /// A request that the server works on.
    private struct OpenRequest {
        let calls: CommandCalls
        /// What it relays; `nil` for a request during which nobody is asked.
        let call: CallElicitation?
    }

    private struct State {
        var lastNumber = 0
        var open: [Int: OpenRequest] = [:]
    }

    private let state = Locked(State())

    /// Runs `body`, a call, during which the server may ask.
    func during<Value, Failure: Error>(
        _ call: CallElicitation, _ body: () async throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        defer { call.hasEnded.complete() }
        return try await during(OpenRequest(calls: call.calls, call: call), body)
    }

    /// Runs `body`, a request of a command for something else than a call. The server may be asking for it: during it, no
    /// other command's questions are relayed.
    func during<Value, Failure: Error>(
        readOf calls: CommandCalls, _ body: () async throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        try await during(OpenRequest(calls: calls, call: nil), body)
    }

    private func during<Value, Failure: Error>(
        _ request: OpenRequest, _ body: () async throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        let number = state.withLock { state in
            state.lastNumber += 1
            state.open[state.lastNumber] = request
            return state.lastNumber
        }
        defer { state.withLock { $0.open[number] = nil } }
        return try await body()
    }

    func answer(_ elicitation: Elicitation) async -> ElicitationAnswer {
        let requests = state.withLock { $0.open.sorted { $0.key < $1.key }.map(\.value) }
        let open = requests.compactMap(\.call)
        guard let first = open.first, requests.allSatisfy({ $0.calls === first.calls }) else { return .cancel }
        var tools: [String] = []
        for call in open where !tools.contains(call.tool) { tools.append(call.tool) }
        let about = tools.joined(separator: " or ")
        // Nobody needs the answer once these calls have ended.
        return await withTaskGroup(of: ElicitationAnswer.self) { group in
            defer { group.cancelAll() }
            group.addTask { await first.answer(elicitation, about: about) }
            group.addTask {
                for call in open { try? await call.hasEnded.waitUnlessCancelled() }
                return .cancel
            }
            return await group.next() ?? .cancel
        }
    }
}
