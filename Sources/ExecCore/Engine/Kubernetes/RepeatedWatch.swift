import ChildProcess
import JSON

/// A watch by kubectl that is started again when the API server ends it, as it does now and then.
struct RepeatedWatch: Sendable {
    /// A watch that ended after at least this many seconds is started again.
    private static let shortest = 1.0

    let kubectl: Kubectl
    let command: Command
    /// What it is to do, as part of a sentence about a failure.
    let purpose: String

    /// Waits until `body` returns a value for an object; see ``JSONWatch/first(within:_:)``.
    ///
    /// - Returns: `nil` if the time is up.
    /// - Throws: ``ExecError`` if kubectl fails, what `body` throws, `CancellationError`.
    func first<Value: Sendable>(
        within seconds: Double, _ body: @escaping @Sendable (JSON) throws -> Value?
    ) async throws -> Value? {
        let start = ContinuousClock.now
        while true {
            let began = ContinuousClock.now
            let left = seconds - start.duration(to: began) / .seconds(1)
            guard left > 0 else { return nil }
            let outcome = try await JSONWatch(command: command).first(within: left, body)
            try Task.checkCancellation()
            switch outcome {
            case .found(let value): return value
            case .stopped: return nil
            case .ended(let end):
                guard end.status == .exited(0), began.duration(to: .now) > .seconds(Self.shortest) else {
                    throw KubectlFailure(kubectl: kubectl, end: end).error(doing: purpose)
                }
            }
        }
    }
}
