import ExecCore
import Threading

/// Questions that wait for their answers. Each gets exactly one, from whatever comes first.
final class PendingAnswers<Key: Hashable & Sendable>: Sendable {
    private enum Slot {
        /// Holds the promise of the task that waits, if it waits already.
        case open(Promise<UserAnswer>?)
        /// Answered before its task waited.
        case answered(UserAnswer)
    }

    private struct State {
        var slots: [Key: Slot] = [:]
        var isClosed = false
    }

    private let state = Locked(State())

    /// Registers a question. ``answer(to:onWithdrawal:)`` must follow.
    ///
    /// - Returns: whether it is accepted.
    func begin(_ key: Key) -> Bool {
        state.withLock { state in
            if !state.isClosed { state.slots[key] = .open(nil) }
            return !state.isClosed
        }
    }

    /// Waits for the answer to a registered question. If the task is cancelled, the answer is ``UserAnswer/cancel``.
    ///
    /// - Parameter onWithdrawal: called if that happens before the question is answered.
    func answer(to key: Key, onWithdrawal: @escaping @Sendable () -> Void = {}) async -> UserAnswer {
        await withTaskCancellationHandler {
            // The promise is never resumed with an error.
            (try? await withPromise { promise in
                let known: UserAnswer? = state.withLock { state in
                    switch state.slots[key] {
                    case .open:
                        state.slots[key] = .open(promise)
                        return nil
                    case .answered(let answer):
                        state.slots[key] = nil
                        return answer
                    case nil:
                        return .cancel
                    }
                }
                if let known { promise.resume(returning: known) }
            }) ?? .cancel
        } onCancel: {
            if settle(key, .cancel) { onWithdrawal() }
        }
    }

    /// Answers a question.
    ///
    /// - Returns: whether it was open.
    @discardableResult func settle(_ key: Key, _ answer: UserAnswer) -> Bool {
        let (isOpen, promise) = state.withLock { state -> (Bool, Promise<UserAnswer>?) in
            guard case .open(let promise)? = state.slots[key] else { return (false, nil) }
            state.slots[key] = promise == nil ? .answered(answer) : nil
            return (true, promise)
        }
        promise?.resume(returning: answer)
        return isOpen
    }

    /// Answers all questions, and accepts no more.
    func close(_ answer: UserAnswer) {
        let keys = state.withLock { state in
            state.isClosed = true
            return state.slots.keys
        }
        for key in keys { settle(key, answer) }
    }
}
