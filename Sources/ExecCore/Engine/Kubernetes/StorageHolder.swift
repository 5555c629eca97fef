import ChildProcess
import Diagnostics
import JSON

/// The pod that has a user's storage, which no other pod can have at the same time.
struct StorageHolder: Sendable, Equatable {
    private static let timeout = 30.0
    private static let textLimit = 100

    let pod: String
    /// The name of its server's machine; `nil` if it doesn't say.
    let machine: String?

    /// Looks for the pod that keeps a Job's pod waiting.
    ///
    /// - Returns: `nil` if it is about to give the storage back: it has ended, its server has, or it belongs to this
    ///   server, which has given it up.
    static func find(for job: KubernetesJob, by kubectl: Kubectl) async throws -> StorageHolder? {
        guard let user = job.container.labels.first(where: { $0.name == Owner.userLabel })?.value else { return nil }
        let output = try await kubectl.pods(of: KubernetesName.labelValue(for: user)).run(
            limit: 8 << 20, timeout: timeout)
        // If it can't be found out, the time limit of the start tells what the scheduler says.
        guard output.succeeded, let list = try? JSON.parse(output.output) else { return nil }
        return find(in: list, for: job, observer: .current())
    }

    static func find(in list: JSON, for job: KubernetesJob, observer: Owner) -> StorageHolder? {
        let claim = job.claim.map { JSON.string($0.name) }
        for pod in list["items"]?.arrayValue ?? [] {
            guard let state = PodState(pod), !state.hasEnded, !state.waitsForStorage,
                pod["metadata"]?["labels"]?["job-name"]?.stringValue != job.name,
                let volumes = pod["spec"]?["volumes"]?.arrayValue,
                volumes.contains(where: { $0["persistentVolumeClaim"]?["claimName"] == claim })
            else { continue }
            let annotations = pod["metadata"]?["annotations"]
            let values = Owner.labelNames.map { label in
                KubernetesOwner.read(annotations?[label]?.stringValue ?? "", of: label, instance: job.instance)
            }
            if let owner = Owner(labelValues: values), owner == observer || owner.isDead(seenBy: observer) { continue }
            return StorageHolder(
                pod: state.name, machine: KubernetesOwner.machine(in: annotations?[Owner.hostLabel]?.stringValue ?? ""))
        }
        return nil
    }

    var error: ExecError {
        let place = machine.map { " on \($0.singleLine(limit: Self.textLimit))" } ?? ""
        return ExecError(
            .busy,
            """
            The workspace of this user is in use by the pod \(pod), which belongs to another server\(place): one \
            sandbox at a time can have it. End that server, or wait until it ends the sandbox for being idle; or give this \
            server another --user, or --workspace ephemeral.
            """)
    }
}
