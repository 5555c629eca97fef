import JSON
import Threading

/// The numbered events of one run. Bounded: the oldest ones are dropped.
final class RunLog: Sendable {
    /// One event.
    struct Entry: Sendable, Equatable {
        /// From 1, without gaps.
        let number: Int
        let event: JSONObject
        fileprivate let size: Int
    }

    /// The next events for a reader.
    enum Batch: Sendable, Equatable {
        case events([Entry])
        /// The events with these numbers are dropped.
        case gap(ClosedRange<Int>)
        /// All events were read, and no more follow.
        case end
    }

    /// Maximum number of events in a batch.
    private static let batchSize = 256

    private struct State {
        var entries: [Entry] = []
        /// The number of entries at the beginning of the array that are dropped.
        var dropped = 0
        var lastNumber = 0
        var bytes = 0
        var isFinished = false
        var waiters = WaiterQueue()
    }

    private let maxCount: Int
    private let maxBytes: Int
    private let now: (@Sendable () -> Double)?
    private let state = Locked(State())

    /// - Parameters:
    ///   - maxCount: maximum number of events.
    ///   - maxBytes: maximum total size of their JSON texts.
    ///   - now: returns the seconds since 1970; `nil` if events get neither their number nor the time.
    init(maxCount: Int = 20_000, maxBytes: Int = 8 << 20, now: (@Sendable () -> Double)? = PageTime.now) {
        self.maxCount = maxCount
        self.maxBytes = maxBytes
        self.now = now
    }

    /// The number of the last event; 0 before the first.
    var lastNumber: Int { state.withLock { $0.lastNumber } }

    /// Appends an event, with its number and the time. Nothing follows one that is `last`.
    ///
    /// - Returns: the event as it is kept; `nil` if the log is finished.
    @discardableResult
    func add(_ event: JSONObject, isLast: Bool = false) -> JSONObject? {
        let time = now.map { PageTime.text($0()) }
        let (added, waiters) = state.withLock { state -> (JSONObject?, [WaiterQueue.Waiter]) in
            guard !state.isFinished else { return (nil, []) }
            var event = event
            if let time {
                event["seq"] = .integer(state.lastNumber + 1)
                event["time"] = .string(time)
            }
            let size = JSON.object(event).serialized().count
            state.lastNumber += 1
            state.entries.append(Entry(number: state.lastNumber, event: event, size: size))
            state.bytes += size
            state.isFinished = isLast
            Self.trim(&state, maxCount, maxBytes)
            return (event, state.waiters.removeAll())
        }
        for waiter in waiters { waiter.resume() }
        return added
    }

    /// Returns what follows the event with this number; waits until there is something.
    ///
    /// - Throws: `CancellationError`.
    func next(after number: Int) async throws -> Batch {
        try await state.wait(in: \.waiters) { $0.lastNumber > number || $0.isFinished }
        return state.withLock { state in
            guard state.lastNumber > number else { return .end }
            let first = state.lastNumber - (state.entries.count - state.dropped) + 1
            let wanted = max(number, 0) + 1
            if wanted < first { return .gap(wanted...(first - 1)) }
            return .events(Array(state.entries[(state.dropped + wanted - first)...].prefix(Self.batchSize)))
        }
    }

    /// The events that are kept.
    var entries: [Entry] { state.withLock { Array($0.entries[$0.dropped...]) } }

    private static func trim(_ state: inout State, _ maxCount: Int, _ maxBytes: Int) {
        // The last event is always kept: it says how the run ended.
        while state.entries.count - state.dropped > 1,
            state.entries.count - state.dropped > maxCount || state.bytes > maxBytes
        {
            state.bytes -= state.entries[state.dropped].size
            state.entries[state.dropped] = Entry(number: 0, event: [:], size: 0)
            state.dropped += 1
        }
        if state.dropped > 1024, state.dropped > state.entries.count / 2 {
            state.entries.removeFirst(state.dropped)
            state.dropped = 0
        }
    }
}
