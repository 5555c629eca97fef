import Threading

/// A line that was requested in reply to a question.
final class PendingReply: Sendable {
    let prompt: String
    private let reply = Locked<TypedReply?>(nil)
    private let isSettled = AsyncEvent()

    init(prompt: String) {
        self.prompt = prompt
    }

    /// Sets the reply; only the first one counts.
    func settle(_ reply: TypedReply) {
        self.reply.withLock { $0 = $0 ?? reply }
        isSettled.complete()
    }

    /// Waits for the reply.
    ///
    /// - Parameter withdraw: called if the task is cancelled first; must have the reply settled.
    func value(onCancel withdraw: @Sendable () -> Void) async -> TypedReply {
        do {
            try await isSettled.waitUnlessCancelled()
        } catch {
            withdraw()
            await isSettled.wait()
        }
        return reply.withLock { $0 } ?? .withdrawn
    }
}
