import JSON
import OpenAI

/// A run of the agent whose answer becomes a call of a client's function.
///
/// The agent works as usual, with its own tools, and is instructed to answer with the function's arguments. Only if it
/// does not is it asked once more, with a `response_format` that the endpoint enforces: with that, many servers do not
/// let a model call tools.
struct DemandedRun: Sendable {
    typealias Work =
        @Sendable (_ conversation: [ChatMessage], RunLimits, _ parameters: JSONObject) async throws
        -> RunResult

    let demand: CallDemand
    let limits: RunLimits
    let parameters: JSONObject
    let onEvent: @Sendable (AgentEvent) async -> Void
    let work: Work

    /// Statuses with which an endpoint may reject the `response_format`.
    private static let refusals: Set<Int> = [400, 404, 415, 422, 500, 501]

    /// - Throws: ``APIRequestError`` if the run gives no call, and whatever the run throws.
    func run(_ conversation: [ChatMessage]) async throws -> (result: RunResult, call: ChatToolCall) {
        let start = ContinuousClock.now
        let opening = DemandText.opening(conversation, demand)
        let first = try await work(opening, limits, parameters)
        if let call = call(in: first) { return (first, call) }
        guard first.end == .answered, let rest = limits.rest(after: first, since: start) else {
            throw Self.failure(demand, first)
        }
        await onEvent(.notice("the model's answer isn't a call of \(DemandText.names(demand)): it is asked once more"))
        let correction = ChatMessage(role: .user, text: DemandText.correction(demand))
        let second = try await inForm(opening + first.messages + [correction], rest)
        let both = RunResult(
            messages: first.messages + [correction] + second.messages, end: second.end,
            usage: first.usage.map { $0 + second.usage } ?? second.usage)
        guard let call = call(in: second) else { throw Self.failure(demand, second) }
        return (both, call)
    }

    private func inForm(_ conversation: [ChatMessage], _ limits: RunLimits) async throws -> RunResult {
        var formed = parameters
        formed["response_format"] = DemandText.form(demand)
        do {
            return try await work(conversation, limits, formed)
        } catch let error as ModelError where error.status.map({ Self.refusals.contains($0) }) ?? false {
            return try await work(conversation, limits, parameters)
        }
    }

    private func call(in result: RunResult) -> ChatToolCall? {
        // What a limit interrupted isn't an answer.
        if case .limit = result.end { return nil }
        if let last = result.messages.last, last.role == .assistant, let call = demand.call(in: last.text) {
            return call
        }
        return result.messages.flatMap(\.toolCalls).reversed().lazy.compactMap { demand.call($0) }.first
    }

    private static func failure(_ demand: CallDemand, _ result: RunResult) -> APIRequestError {
        let reason =
            switch result.end {
            case .answered: "the model answered without a JSON object with its arguments"
            case .cut: "the model's answer was cut at its token limit"
            case .limit(let sentence): sentence
            }
        return APIRequestError(
            502, "The required call of \(DemandText.names(demand)) is missing: \(reason)", type: "api_error",
            code: "no_function_call", mayRetry: false)
    }
}

extension RunLimits {
    /// Returns the remaining limits after a run; `nil` if one is used up.
    fileprivate func rest(after result: RunResult, since start: ContinuousClock.Instant) -> RunLimits? {
        var rest = self
        if let turns { rest.turns = turns - result.messages.count { $0.role == .assistant } }
        if let tokens { rest.tokens = tokens - (result.usage?.total ?? 0) }
        if let seconds { rest.seconds = seconds - start.duration(to: .now) / .seconds(1) }
        return rest.turns ?? 1 > 0 && rest.tokens ?? 1 > 0 && rest.seconds ?? 1 > 0 ? rest : nil
    }
}

extension TokenUsage {
    fileprivate static func + (one: TokenUsage, other: TokenUsage?) -> TokenUsage {
        TokenUsage(prompt: one.prompt + (other?.prompt ?? 0), completion: one.completion + (other?.completion ?? 0))
    }
}
