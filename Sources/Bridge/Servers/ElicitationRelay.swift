import ExecCore
import MCPClient
import Threading

/// Relays the questions of a legacy server, which doesn't say which call it asks for: only while all calls and reads
/// that it works on are of one command. Otherwise a question might reach the wrong person, and is dismissed.
final class ElicitationRelay: ElicitationHandler {
    /// A request that the server works on.
    private struct OpenRequest {
        let calls: CommandCalls
        /// What it relays; `nil` for a request during which nobody is asked.
        let call: CallElicitation?
    }

    private struct State {
        var lastNumber = 0
        var open: [Int: OpenRequest] = [:]
        /// How often its tools are being listed, which belongs to no command.
        var listings = 0
        var waiters = WaiterQueue()
        /// Visits that people agreed to and that the server hasn't called done, oldest first.
        var visits: [(id: String, shownID: String, user: any UserInteraction)] = []
    }

    /// How many visits to URLs are remembered.
    static let maxVisits = 64

    let modes: Set<Elicitation.Mode> = [.form, .url]
    private let maxListingSeconds: Double
    private let state = Locked(State())

    /// - Parameter maxListingSeconds: how long a question waits for the end of a listing.
    init(maxListingSeconds: Double = 10) {
        self.maxListingSeconds = maxListingSeconds
    }

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

    /// Runs `body`, a listing of the tools. The server may be asking for it, which concerns nobody: a question waits for
    /// its end, and is dismissed if it doesn't end.
    func duringListing<Value, Failure: Error>(
        _ body: () async throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        state.withLock { $0.listings += 1 }
        defer {
            let waiters = state.withLock { state in
                state.listings -= 1
                return state.listings == 0 ? state.waiters.removeAll() : []
            }
            for waiter in waiters { waiter.resume() }
        }
        return try await body()
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
        guard await waitForListings() else { return .cancel }
        let requests = state.withLock { $0.open.sorted { $0.key < $1.key }.map(\.value) }
        let open = requests.compactMap(\.call)
        guard let first = open.first, requests.allSatisfy({ $0.calls === first.calls }) else { return .cancel }
        var tools: [String] = []
        for call in open where !tools.contains(call.tool) { tools.append(call.tool) }
        let about = tools.joined(separator: " or ")
        // Before it is asked: the person may be done before the answer has arrived.
        let visit = remember(elicitation, of: first)
        // Nobody needs the answer once these calls have ended.
        let answer = await withTaskGroup(of: ElicitationAnswer.self) { group in
            defer { group.cancelAll() }
            group.addTask { await first.answer(elicitation, about: about) }
            group.addTask {
                for call in open { try? await call.hasEnded.waitUnlessCancelled() }
                return .cancel
            }
            return await group.next() ?? .cancel
        }
        if let visit {
            if case .accept = answer { return answer }
            state.withLock { state in state.visits.removeAll { $0.id == visit } }
        }
        return answer
    }

    /// - Returns: whether no listing goes on.
    private func waitForListings() async -> Bool {
        let waited: Void? = try? await abandoning(after: maxListingSeconds) { [state] in
            while state.withLock({ $0.listings > 0 }) { try await state.wait(in: \.waiters) { $0.listings == 0 } }
        }
        return waited != nil
    }

    // MARK: - Visits

    /// - Returns: the id of a visit; `nil` for another question.
    private func remember(_ elicitation: Elicitation, of call: CallElicitation) -> String? {
        guard case .url(_, let id?) = elicitation.request, let user = call.calls.interaction else { return nil }
        state.withLock { state in
            state.visits.removeAll { $0.id == id }
            if state.visits.count >= Self.maxVisits { state.visits.removeFirst() }
            state.visits.append((id, call.shownID(id), user))
        }
        return id
    }

    func visitCompleted(_ id: String) {
        let visit = state.withLock { state in
            state.visits.firstIndex { $0.id == id }.map { state.visits.remove(at: $0) }
        }
        if let visit { visit.user.visitCompleted(visit.shownID) }
    }
}
