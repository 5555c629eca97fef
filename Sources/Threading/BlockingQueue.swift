/// A first-in, first-out queue between threads: ``next()`` waits until there is an element or the queue is closed.
///
/// It has no bound of its own. Whoever adds must know why the queue cannot grow without end.
public final class BlockingQueue<Element: Sendable>: Sendable {
    private struct State {
        // A taken element leaves nil behind, so that its memory is free before the row is trimmed.
        var elements: [Element?] = []
        var head = 0
        var isClosed = false

        mutating func takeFirst() -> Element? {
            guard head < elements.count else { return nil }
            defer { trim() }
            head += 1
            return elements[head - 1].take()
        }

        private mutating func trim() {
            if head == elements.count || (head >= 1024 && head * 2 >= elements.count) {
                elements.removeFirst(head)
                head = 0
            }
        }
    }

    private let state = ConditionLocked(State())

    /// An empty, open queue.
    public init() {}

    /// Adds `element` at the end.
    ///
    /// - Returns: false if the queue was closed, in which case nothing was added.
    @discardableResult
    public func add(_ element: Element) -> Bool {
        state.change { state in
            guard !state.isClosed else { return false }
            state.elements.append(element)
            return true
        }
    }

    /// Takes the first element, waiting for one if need be. Blocks the calling thread.
    ///
    /// - Returns: `nil` once the queue is closed and empty.
    public func next() -> Element? {
        state.wait { state -> Element?? in
            if let element = state.takeFirst() { return .some(element) }
            return state.isClosed ? .some(nil) : nil
        }
    }

    /// Refuses further elements; those already there can still be taken.
    public func close() {
        state.change { $0.isClosed = true }
    }
}
