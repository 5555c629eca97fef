import Diagnostics
import JSON

/// The state of a ``WarmPoolClaim``, as the API server tells it.
struct WarmPoolClaimState: Sendable, Equatable {
    private static let textLimit = 400

    /// The name of the Sandbox object that the claim got, which is also its pod's; `nil` if it has none yet.
    let sandbox: String?
    /// Whether its pod is ready.
    let isReady: Bool
    private let reason: String?
    private let message: String?

    /// - Returns: `nil` if this is not a claim.
    init?(_ claim: JSON) {
        guard claim["kind"] == "SandboxClaim" else { return nil }
        let status = claim["status"]
        sandbox = status?["sandbox"]?["name"]?.stringValue.flatMap { KubernetesName.isSubdomain($0) ? $0 : nil }
        let ready = status?["conditions"]?.arrayValue?.first { $0["type"] == "Ready" }
        isReady = ready?["status"] == "True" && sandbox != nil
        reason = ready?["reason"]?.stringValue
        message = ready?["message"]?.stringValue
    }

    /// What keeps it from ever being ready; `nil` if it may still be.
    ///
    /// - Parameters:
    ///   - pool: the name of the pool.
    ///   - options: where the pool is.
    func failure(pool: String, _ options: KubernetesOptions) -> ExecError? {
        guard !isReady else { return nil }
        switch reason {
        case "WarmPoolNotFound":
            return ExecError(
                .engineFailed,
                """
                The namespace \(options.namespace) has no pool \(pool). `\(options.manifestCommand) | kubectl apply -f -` \
                makes one; `kubectl get sandboxwarmpools --namespace \(options.namespace)` lists those that are there.
                """)
        case "TemplateNotFound":
            return ExecError(
                .engineFailed,
                """
                The pool \(pool) has no template (\(said)). `\(options.manifestCommand) | kubectl apply -f -` makes it.
                """)
        case "ClaimExpired":
            return ExecError(
                .engineFailed,
                """
                The claim to a pod of the pool \(pool) expired before it was ready. \(KubectlFailure.clock)
                """)
        case "SandboxExpired", "PodSucceeded", "PodFailed":
            return ExecError(
                .engineFailed,
                """
                The pod from the pool \(pool) ended before it was used (\(said)). Try again; if that doesn't help, see the \
                pool's template.
                """)
        case "InvalidMetadata", "EnvVarsInjectionRejected", "VolumeClaimTemplatesError":
            return ExecError(.engineFailed, "The cluster rejects the claim to a pod of the pool \(pool): \(said).")
        default:
            guard let message, KubectlFailure.isRefusal(message) else { return nil }
            return KubectlFailure.creation(refused: message, namespace: options.namespace)
        }
    }

    /// Why it isn't ready yet, as a sentence for somebody who has waited long.
    ///
    /// - Parameter pool: the name of the pool.
    func explanation(pool: String) -> String {
        guard reason != nil else {
            return """
                Nothing has taken care of the claim: is the controller of agent-sandbox running, and does it serve its \
                extensions?
                """
        }
        return """
            The pool \(pool) has no ready pod, and a new one is not ready either (\(said)). Let it keep more \
            (--pool-size), or see `kubectl describe sandboxwarmpool \(pool)`.
            """
    }

    private var said: String {
        [reason, message].compactMap { $0 }.joined(separator: ": ").singleLine(limit: Self.textLimit)
            .trimmingBlanksAndStops
    }
}
