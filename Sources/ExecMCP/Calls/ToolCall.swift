import ExecCore
import MCP

/// A call that passes through the pipeline: of a tool, or of another method that returns contents of a sandbox.
struct ToolCall: Sendable {
    /// Does the work of the call, reports its progress and asks the person behind the client.
    typealias Work = @Sendable (Progress, (any UserInteraction)?) async -> CallResult

    /// The name of the tool or method.
    let name: String
    /// The user whose sandbox the call uses.
    let user: UserID
    /// The context in which the request is interpreted.
    let context: RequestContext
    /// Its record for the audit log.
    let audit: AuditedCall
    /// Notifies the client of progress through the request; `nil` if that isn't possible.
    var notifier: RequestNotifier?
    /// The ID of the task that the call became; `nil` if it is answered directly.
    var taskID: String?
    /// Receives the progress of the call. An interceptor that changes lines replaces it with its own.
    var progress = Progress.unheard
    /// Asks the person who uses the client; `nil` if the client can't. An interceptor that changes questions or answers
    /// replaces it with its own.
    var interaction: (any UserInteraction)?
    /// Whether its result quotes tokens as the client sent them, and nothing else that could be private.
    var quotesTokens = false
    /// What the call does, after all interceptors.
    let work: Work
}

extension ToolCall {
    /// Returns the call with its progress sent to the client through the request.
    func observed(by notifier: RequestNotifier) -> ToolCall {
        var call = self
        call.notifier = notifier
        return call
    }

    /// Returns the call as a task, whose state shows the progress.
    func asTask(_ id: String, _ progress: Progress) -> ToolCall {
        var call = self
        call.taskID = id
        call.progress = progress
        return call
    }

    /// Returns the call with a way to ask the person who uses the client; `nil` for none.
    func asking(_ interaction: (any UserInteraction)?) -> ToolCall {
        var call = self
        call.interaction = interaction
        return call
    }

    /// Returns the call with another receiver for its progress.
    func reporting(to progress: Progress) -> ToolCall {
        var call = self
        call.progress = progress
        return call
    }
}
