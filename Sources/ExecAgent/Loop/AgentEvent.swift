import JSON
import OpenAI

/// What an agent does while it works on a task.
enum AgentEvent: Sendable, Equatable {
    /// The next piece of the model's text.
    case text(String)
    /// A tool call begins.
    case toolStarted(ToolCall)
    /// The newest line of what a call does.
    case toolProgress(callID: String, message: String)
    /// A call has ended.
    case toolEnded(ToolEnd)
    /// The model did not answer and is asked again after so many seconds.
    case retrying(reason: String, seconds: Double)
    /// Something was left out or put right that a person should know.
    case notice(String)

    /// How a tool call ended.
    struct ToolEnd: Sendable, Equatable {
        let callID: String
        let name: String
        let isError: Bool
        /// Exit code of a command; `nil` for other tools.
        let exitCode: Int?
        /// Seconds that it took.
        let duration: Double
        /// Names of the artifacts that it made or changed.
        let artifacts: [String]
    }
}

/// Where a run stops though the model has not answered. `nil` is no limit.
struct RunLimits: Sendable, Equatable {
    /// Requests to the model.
    var turns: Int? = 50
    /// Tokens of all requests and answers together, as the endpoint counts them.
    var tokens: Int?
    /// Seconds.
    var seconds: Double? = 1800
}

/// How a run ended.
struct RunResult: Sendable, Equatable {
    enum End: Sendable, Equatable {
        /// The model answered.
        case answered
        /// The model's answer was cut by its own limit of tokens.
        case cut
        /// A limit of the run was met; with the sentence that says which, as added to the answer.
        case limit(String)
    }

    /// What the run adds to the conversation: the model's messages and the tools' results.
    var messages: [ChatMessage]
    var end: End
    /// The tokens of all turns; `nil` where the endpoint never said.
    var usage: TokenUsage?
}

/// Works on tasks: asks the model, runs the tools that it calls, until it answers.
protocol AgentRunner: Sendable {
    /// Goes on with a conversation until the model answers or a limit is met.
    ///
    /// - Parameters:
    ///   - conversation: what was said so far, the user's message last. Without a system message the servers' own
    ///     prompt stands first; a system message of the client follows it.
    ///   - user: whose sandbox; `nil` for the server's own default.
    ///   - model: which model; `nil` for the default.
    ///   - parameters: other members of each request to the model: `temperature` and so on.
    ///   - onEvent: told of everything, in order, before this returns.
    /// - Throws: ``ModelError``, ``ToolServerError``, or `CancellationError` when the task is cancelled.
    func run(
        _ conversation: [ChatMessage], user: String?, model: String?, limits: RunLimits, parameters: JSONObject,
        onEvent: @escaping @Sendable (AgentEvent) async -> Void
    ) async throws -> RunResult
}
