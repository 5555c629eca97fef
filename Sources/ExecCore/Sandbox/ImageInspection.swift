import Threading

/// What the image of the sandboxes has: asked of the engine when somebody first wants to know, once for everybody.
///
/// An engine that doesn't answer holds up one caller for a moment and no other: the question goes on without them.
final class ImageInspection: Sendable {
    private struct State {
        var contents: ImageContents?
        /// Happens when the question in flight has its answer; `nil` if there is no such question.
        var answer: AsyncEvent?
        var isOverdue = false
    }

    private let state = Locked(State())
    private let ask: @Sendable () async -> ImageContents?

    /// - Parameter ask: asks the engine; `nil` for no answer, after which the next caller has it asked again.
    init(_ ask: @escaping @Sendable () async -> ImageContents?) {
        self.ask = ask
    }

    /// What the image has; `nil` if the engine doesn't say within `seconds`, or has not answered an earlier caller in
    /// time and still hasn't.
    func contents(within seconds: Double) async -> ImageContents? {
        let (known, answer): (ImageContents?, AsyncEvent?) = state.withLock { state in
            if state.contents != nil || state.isOverdue { return (state.contents, nil) }
            let answer = state.answer ?? AsyncEvent()
            if state.answer == nil {
                state.answer = answer
                // Not a child task: a caller who is gone must not take the answer from the others.
                Task.detached { self.settle(await self.ask()) }
            }
            return (nil, answer)
        }
        guard let answer else { return known }
        let isAnswered = await answer.wait(seconds: seconds)
        return state.withLock { state in
            if !isAnswered, state.answer === answer { state.isOverdue = true }
            return state.contents
        }
    }

    private func settle(_ contents: ImageContents?) {
        let answer = state.withLock { state in
            defer { (state.answer, state.isOverdue) = (nil, false) }
            state.contents = contents
            return state.answer
        }
        answer?.complete()
    }
}
