/// Where the answers of calls go may be full: whoever asks for them may read nothing.
public struct AnswerRoom: Sendable {
    @TaskLocal static var current: AnswerRoom?

    private let untilRoom: @Sendable () async -> Void

    /// - Parameter untilRoom: waits until there is room, or the task is cancelled.
    public init(_ untilRoom: @escaping @Sendable () async -> Void) {
        self.untilRoom = untilRoom
    }

    /// Does `work`, whose calls to a sandbox wait for room when their turn has come, just before they begin: however many
    /// calls wait for their turn, answers do not pile up without bound.
    public func `while`<Value: Sendable>(_ work: @Sendable () async throws -> Value) async throws -> Value {
        try await Self.$current.withValue(self) { try await work() }
    }

    /// Waits for the room of the task's answers, if there is anything to wait for.
    static func wait() async {
        if let room = current { await room.untilRoom() }
    }
}
