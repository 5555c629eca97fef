/// A blocking FIFO queue between threads: ``next()`` waits until there is an element or the queue is closed.
///
/// Unbounded: the producer must ensure that the queue cannot grow without limit.
public final class BlockingQueue<Element: Sendable>: Sendable {
    private struct State {
        // A removed element leaves nil behind, so that its memory is freed before the array is trimmed.
        var elements: [Element?] = []
        var head = 0
        var isClosed = false

        mutating func popFirst() -> Element? {
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

    /// Appends `element`.
    ///
    /// - Returns: false if the queue was closed; nothing was added then.
    @discardableResult
    public func add(_ element: Element) -> Bool {
        state.change { state in
            guard !state.isClosed else { return false }
            state.elements.append(element)
            return true
        }
    }

    /// Removes the first element, waiting for one if necessary. Blocks the calling thread.
    ///
    /// - Returns: `nil` once the queue is closed and empty.
    public func next() -> Element? {
        state.wait { state -> Element?? in
            if let element = state.popFirst() { return .some(element) }
            return state.isClosed ? .some(nil) : nil
        }
    }

    /// Closes the queue: further elements are refused, those already in it can still be removed.
    public func close() {
        state.change { $0.isClosed = true }
    }
}
