import JSON
import SystemCalls

/// A claim to one pod of a ``WarmPool``, which is a container. A pure value.
///
/// A claim has no other wishes: with variables or volumes of its own, it would get a pod that has to be started first.
struct WarmPoolClaim: Sendable, Equatable {
    /// Seconds beyond the time limit of the start after which a claim that no server has extended expires: as much as the
    /// clocks of this machine and the cluster may differ.
    private static let clockMargin = 300

    let container: ContainerSpec
    let options: KubernetesOptions
    let pool: String
    /// Where the server runs; see ``KubernetesOwner``.
    let instance: String

    /// The claim's name.
    var name: String { KubernetesName.job(of: container.name) }

    /// The claim as the API wants it. If its server is gone before it is attached, it expires soon; a pod of a pool
    /// doesn't end by itself as long as nobody has written to it.
    ///
    /// - Parameter now: the time, in seconds since 1970.
    func json(at now: Int) -> JSON {
        [
            "apiVersion": .string(WarmPool.apiVersion), "kind": "SandboxClaim",
            "metadata": .object(
                options.metadata(
                    name, labels: KubernetesOwner.labels(of: container),
                    annotations: KubernetesOwner.annotations(of: container, instance: instance))),
            "spec": [
                "warmPoolRef": ["name": .string(pool)],
                "lifecycle": [
                    "shutdownTime": .string(Self.timestamp(now + options.startTimeout + Self.clockMargin)),
                    "ttlSecondsAfterFinished": .integer(KubernetesJob.keptSeconds), "shutdownPolicy": "Delete",
                ],
            ],
        ]
    }

    /// What is changed once the pod is about to be used: now the claim expires after the longest life of a sandbox.
    ///
    /// - Parameter now: the time, in seconds since 1970.
    static func renewal(at now: Int) -> JSON {
        ["spec": ["lifecycle": ["shutdownTime": .string(timestamp(now + KubernetesJob.lifetimeSeconds))]]]
    }

    /// A time as the API wants it.
    private static func timestamp(_ seconds: Int) -> String {
        var time = time_t(seconds)
        var parts = tm()
        var text = [CChar](repeating: 0, count: 32)
        gmtime_r(&time, &parts)
        let length = strftime(&text, text.count, "%Y-%m-%dT%H:%M:%SZ", &parts)
        return String(decoding: text[..<length].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
