/// Where the answers of calls go may be full: whoever asks for them may read nothing.
public enum AnswerRoom {
    /// Waits until there is room, or the task is cancelled. A call of this task to a sandbox does so when its turn has come,
    /// just before it begins: however many calls wait for their turn, answers do not pile up without bound. `nil` for
    /// calls whose answers always have room.
    @TaskLocal public static var wait: (@Sendable () async -> Void)?
}
