package import Telemetry

/// Receives the events of a pool, and records the spans of its sandboxes.
package struct SandboxEvents: Sendable {
    private let tracer: Tracer
    private let receive: @Sendable (SandboxEvent) -> Void

    /// - Parameter receive: called on any thread; must return at once.
    package init(tracer: Tracer = .off, _ receive: @escaping @Sendable (SandboxEvent) -> Void = { _ in }) {
        self.tracer = tracer
        self.receive = receive
    }

    func callAsFunction(_ event: SandboxEvent) {
        receive(event)
    }

    /// Starts a sandbox, and reports how that went.
    ///
    /// - Parameter isAhead: whether no call waits for it.
    func starting(
        isAhead: Bool, _ start: @Sendable () async throws -> Sandbox
    ) async throws -> Sandbox {
        let begin = ContinuousClock.now
        do {
            let (sandbox, kind) = try await tracer.span("sandbox start", .internal) { span in
                let sandbox = try await start()
                let kind: SandboxEvent.Start = sandbox.isResumed ? .resumed : isAhead ? .prewarmed : .new
                span.set("exec_mcp.sandbox.start", .text(kind.rawValue))
                return (sandbox, kind)
            }
            receive(.cameUp(kind, seconds: begin.duration(to: .now) / .seconds(1)))
            return sandbox
        } catch {
            // A start that was given up hasn't failed.
            if !Task.isCancelled { receive(.failedToStart) }
            throw error
        }
    }
}
