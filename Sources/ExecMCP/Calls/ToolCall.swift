import ExecCore
import MCP

/// A call on its way through the pipeline: of a tool, or of another method that hands out what is in a sandbox.
struct ToolCall: Sendable {
    /// What is called does its work here, and says there how far it is.
    typealias Work = @Sendable (Progress) async -> CallResult

    /// The tool's name, or the method's.
    let name: String
    /// Whose sandbox it is about.
    let user: UserID
    /// What the request is to be understood by.
    let context: RequestContext
    /// Its line in the audit log.
    let audit: AuditedCall
    /// The request by which the client can hear of its progress; `nil` if it cannot.
    var notifier: RequestNotifier?
    /// The task that it became; `nil` if it is answered directly.
    var taskID: String?
    /// Where its progress goes. An interceptor that changes lines puts its own in this place.
    var progress = Progress.unheard
    /// What it does, after all interceptors.
    let work: Work
}

extension ToolCall {
    /// The call, with the client hearing of its progress by the request itself.
    func heard(by notifier: RequestNotifier) -> ToolCall {
        var call = self
        call.notifier = notifier
        return call
    }

    /// The call as a task, whose state says how far it is.
    func asTask(_ id: String, _ progress: Progress) -> ToolCall {
        var call = self
        call.taskID = id
        call.progress = progress
        return call
    }

    /// The call with another place for its progress.
    func reporting(to progress: Progress) -> ToolCall {
        var call = self
        call.progress = progress
        return call
    }
}
