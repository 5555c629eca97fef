import JSON
import Threading

/// The memory that the requests of one sandbox take until they are answered. If it is used up, the connections stop
/// reading, which makes their clients wait; no request fails for it.
///
/// Every connection has a small part of its own (``RequestLimits/ownRequestBytes``), which isn't counted here, so that
/// those with large requests don't stop the others.
final class RequestMemory: Sendable {
    /// A connection that is reading a long line.
    private struct LongLine {
        let start: ContinuousClock.Instant
        let end: @Sendable () -> Void
    }

    private struct State {
        var used = 0
        /// The requests that wait, in their order.
        var waiting: [Int] = []
        /// The connections that wait to read a long line, in their order.
        var waitingReaders: [Int] = []
        var lastTicket = 0
        var longLines: [ObjectIdentifier: LongLine] = [:]
    }

    private let limit: Int
    private let longLineSeconds: Double
    private let state = ConditionLocked(State())

    /// - Parameters:
    ///   - limit: the maximum number of bytes.
    ///   - longLineSeconds: how long a connection may take to send the rest of a long line if others wait for that.
    init(limit: Int, longLineSeconds: Double = RequestLimits.longLineSeconds) {
        self.limit = limit
        self.longLineSeconds = longLineSeconds
    }

    /// How many bytes are used.
    var bytes: Int { state.withLock { $0.used } }

    /// How many threads wait.
    var waiterCount: Int { state.withLock { $0.waiting.count + $0.waitingReaders.count } }

    /// Returns about how much memory a line needs as a parsed request: values take many times the space of their text.
    static func size(of line: [UInt8]) -> Int {
        var scanner = JSONScanner()
        var size = 2 * line.count
        for byte in line {
            switch scanner.advance(over: byte) {
            case .open: size += 96
            case .other where byte == UInt8(ascii: ","): size += 48
            case .other where byte == UInt8(ascii: ":"): size += 64
            default: break
            }
        }
        return size
    }

    // MARK: - Requests

    /// Waits for memory for a request, in the order of arrival. Blocks the calling thread.
    ///
    /// - Parameter isCancelled: whether to give up; checked after ``wake()``.
    /// - Returns: how many bytes are used for it, for ``free(_:)``; `nil` if it was cancelled.
    func use(_ bytes: Int, unless isCancelled: () -> Bool) -> Int? {
        let bytes = min(bytes, limit)
        let ticket = enter(\.waiting)
        let isUsed = state.wait { state -> Bool? in
            if isCancelled() { return false }
            guard state.waiting.first == ticket, state.used + bytes <= limit else { return nil }
            state.used += bytes
            return true
        }
        leave(\.waiting, ticket)
        return isUsed ? bytes : nil
    }

    /// Gives back what ``use(_:unless:)`` returned.
    func free(_ bytes: Int) {
        state.change { $0.used -= bytes }
    }

    /// Lets the threads that wait check whether they were cancelled.
    func wake() {
        state.change { _ in }
    }

    // MARK: - Long lines

    /// Waits until a connection may read the rest of a long line: only a few do at once, since nobody knows how long
    /// these lines get. Ends connections that are slow with theirs. Blocks the calling thread.
    ///
    /// - Parameters:
    ///   - isCancelled: as for ``use(_:unless:)``.
    ///   - end: ends the connection.
    /// - Returns: whether it may; `false` if it was cancelled.
    func beginLongLine(
        of connection: ObjectIdentifier, unless isCancelled: () -> Bool, orEnd end: @escaping @Sendable () -> Void
    ) -> Bool {
        let ticket = enter(\.waitingReaders)
        defer { leave(\.waitingReaders, ticket) }
        while true {
            let seconds = secondsUntilTooSlow() ?? longLineSeconds
            let mayRead = state.wait(seconds: seconds) { state -> Bool? in
                if isCancelled() { return false }
                guard state.waitingReaders.first == ticket, state.longLines.count < RequestLimits.longLines else {
                    return nil
                }
                state.longLines[connection] = LongLine(start: .now, end: end)
                return true
            }
            if let mayRead { return mayRead }
            endSlowLines()
        }
    }

    /// The line is complete, or the connection at its end.
    func endLongLine(of connection: ObjectIdentifier) {
        state.change { $0.longLines[connection] = nil }
    }

    private func secondsUntilTooSlow() -> Double? {
        state.withLock { $0.longLines.values.map(\.start).min() }.map { start in
            max(0.001, longLineSeconds - start.duration(to: .now) / .seconds(1))
        }
    }

    private func endSlowLines() {
        let slow = state.withLock { state in
            state.longLines.values.filter { $0.start.duration(to: .now) >= .seconds(longLineSeconds) }.map(\.end)
        }
        for end in slow { end() }
    }

    // MARK: - Order

    private func enter(_ queue: WritableKeyPath<State, [Int]>) -> Int {
        state.withLock { state in
            state.lastTicket += 1
            state[keyPath: queue].append(state.lastTicket)
            return state.lastTicket
        }
    }

    private func leave(_ queue: WritableKeyPath<State, [Int]>, _ ticket: Int) {
        state.change { $0[keyPath: queue].removeAll { $0 == ticket } }
    }
}
