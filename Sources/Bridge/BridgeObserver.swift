public import Telemetry

/// Counts and traces the calls of a bridge.
public struct BridgeObserver: Sendable {
    let tracer: Tracer
    let onEnd: @Sendable (NestedCall) -> Void

    /// - Parameter onEnd: receives each call when it has ended, including all refused calls; must return soon.
    public init(tracer: Tracer = .off, onEnd: @escaping @Sendable (NestedCall) -> Void = { _ in }) {
        self.tracer = tracer
        self.onEnd = onEnd
    }
}
