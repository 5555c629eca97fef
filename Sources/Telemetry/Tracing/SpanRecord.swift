import SystemCalls
import Threading

/// What is known of a span before it ends.
final class SpanRecord: Sendable {
    private struct State {
        var name: String
        var attributes: [(name: String, value: Span.Value)] = []
        var failure: String?
        var isEnded = false
    }

    private let context: TraceContext
    private let parent: SpanID?
    private let kind: Span.Kind
    private let start = SpanRecord.now()
    private let startInstant = ContinuousClock.now
    private let state: Locked<State>

    init(_ name: String, _ kind: Span.Kind, context: TraceContext, parent: SpanID?) {
        state = Locked(State(name: Self.shortened(name)))
        self.kind = kind
        self.context = context
        self.parent = parent
    }

    func set(_ name: String, _ value: Span.Value) {
        var value = value
        if case .text(let text) = value { value = .text(Self.shortened(text)) }
        state.withLock { [value] state in
            if let place = state.attributes.firstIndex(where: { $0.name == name }) {
                state.attributes[place].value = value
            } else if state.attributes.count < Span.maxAttributes {
                state.attributes.append((name, value))
            }
        }
    }

    func rename(_ name: String) {
        let name = Self.shortened(name)
        state.withLock { $0.name = name }
    }

    func fail(_ reason: String) {
        let reason = Self.shortened(reason)
        state.withLock { if $0.failure == nil { $0.failure = reason } }
    }

    /// Returns the span as of now; `nil` if it was returned before.
    func end() -> Span? {
        let state = state.withLock { state -> State? in
            defer { state.isEnded = true }
            return state.isEnded ? nil : state
        }
        guard let state else { return nil }
        // The system's clock may have been set since the start.
        let (seconds, attoseconds) = startInstant.duration(to: .now).components
        return Span(
            context: context, parent: parent, name: state.name, kind: kind, start: start,
            end: start + UInt64(max(seconds, 0)) * 1_000_000_000 + UInt64(max(attoseconds, 0) / 1_000_000_000),
            attributes: state.attributes, failure: state.failure)
    }

    private static func now() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return UInt64(max(time.tv_sec, 0)) * 1_000_000_000 + UInt64(max(time.tv_nsec, 0))
    }

    private static func shortened(_ text: String) -> String {
        guard text.utf8.count > Span.maxText else { return text }
        return String(decoding: text.utf8.prefix(Span.maxText), as: UTF8.self)
    }
}
