/// Backpressure for replies: makes calls wait while the output queue for their replies is full because the client does
/// not read.
public struct AnswerRoom: Sendable {
    @TaskLocal static var current: AnswerRoom?

    private let untilRoom: @Sendable () async -> Void

    /// - Parameter untilRoom: returns once there is room, or the task is cancelled.
    public init(_ untilRoom: @escaping @Sendable () async -> Void) {
        self.untilRoom = untilRoom
    }

    /// Runs `work`. Each sandbox call in it waits for room after it has acquired its slot and just before it starts,
    /// so the replies of any number of queued calls stay bounded.
    public func `while`<Value: Sendable>(_ work: @Sendable () async throws -> Value) async throws -> Value {
        try await Self.$current.withValue(self) { try await work() }
    }

    /// Waits until there is room for the current task's replies. Returns at once if no `AnswerRoom` is in effect.
    static func wait() async {
        if let room = current { await room.untilRoom() }
    }
}
