import JSON
import OpenAI

/// An event during an agent's work on a task.
enum AgentEvent: Sendable, Equatable {
    /// The next piece of the model's text.
    case text(String)
    /// A tool call has started.
    case toolStarted(ChatToolCall)
    /// The latest progress message of a call.
    case toolProgress(callID: String, message: String)
    /// What a call returned; just before ``toolEnded(_:)``.
    case toolOutput(ToolOutput)
    /// A call has ended.
    case toolEnded(ToolEnd)
    /// A server asks the person during a call, and waits for the answer.
    case questionAsked(ServerQuestion)
    /// A question is no longer open.
    case questionClosed(ServerQuestion, QuestionOutcome)
    /// The model did not answer and is retried after this number of seconds.
    case retrying(reason: String, seconds: Double)
    /// The model has answered a request.
    case turnEnded(TurnEnd)
    /// Something was omitted or corrected that the user should know about.
    case notice(String)

    /// Whether only the page shows it: for other readers it is too much.
    var isDetail: Bool {
        switch self {
        case .toolOutput, .turnEnded: true
        default: false
        }
    }

    /// A request to the model that is answered.
    struct TurnEnd: Sendable, Equatable {
        /// The number of the request within the run, from 1.
        let turn: Int
        /// Its tokens; `nil` if the endpoint does not count them.
        let usage: TokenUsage?
        /// Its duration in seconds.
        let duration: Double
    }

    /// The outcome of a tool call.
    struct ToolEnd: Sendable, Equatable {
        let callID: String
        let name: String
        let isError: Bool
        /// Exit code if it ran a command; `nil` for other tools.
        let exitCode: Int?
        /// Duration in seconds.
        let duration: Double
        /// Names of the artifacts that the call created or changed.
        let artifacts: [String]
    }
}

/// Limits at which a run stops before the model has finished. `nil` means no limit.
struct RunLimits: Sendable, Equatable {
    /// Maximum number of requests to the model.
    var turns: Int? = 50
    /// Maximum number of tokens in all requests and answers, as counted by the endpoint.
    var tokens: Int?
    /// Maximum duration in seconds.
    var seconds: Double? = 1800
}

/// The result of a run.
struct RunResult: Sendable, Equatable {
    enum End: Sendable, Equatable {
        /// The model answered.
        case answered
        /// The model's answer was truncated at its own token limit.
        case cut
        /// A limit of the run was reached; with the sentence that was added to the answer to say which.
        case limit(String)
    }

    /// The messages that the run adds to the conversation: the model's messages and the tools' results.
    var messages: [ChatMessage]
    var end: End
    /// Total tokens of all turns; `nil` if the endpoint never reported any.
    var usage: TokenUsage?
}

/// Works on tasks in a loop: asks the model and runs the tools it calls, until it answers.
protocol AgentRunner: Sendable {
    /// Continues a conversation until the model answers or a limit is reached.
    ///
    /// - Parameters:
    ///   - conversation: the messages so far, ending with the user's. The servers' prompt is the system message; a
    ///     system message of the client is appended to it.
    ///   - user: the user whose sandbox is used; `nil` for the server's default.
    ///   - model: the model's name; `nil` for the default.
    ///   - parameters: additional members of each request to the model, such as `temperature`.
    ///   - answerer: answers what tool servers ask the person; `nil` if they cannot be answered.
    ///   - onEvent: receives all events, in order, before this returns.
    /// - Throws: ``ModelError``, ``ToolServerError``, or `CancellationError` if the task is cancelled.
    func run(
        _ conversation: [ChatMessage], user: String?, model: String?, limits: RunLimits, parameters: JSONObject,
        answerer: (any QuestionAnswerer)?, onEvent: @escaping @Sendable (AgentEvent) async -> Void
    ) async throws -> RunResult
}
