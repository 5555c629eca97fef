import JSON

/// The Job that runs a container on a cluster: one pod that is never repeated, and goes away by itself. A pure value.
struct KubernetesJob: Sendable, Equatable {
    /// Seconds that a finished Job, or a finished claim of a pool, is kept if nobody deletes it.
    static let keptSeconds = 30
    /// The longest life of a sandbox, whatever happens, in seconds.
    static let lifetimeSeconds = 86_400

    let container: ContainerSpec
    let options: KubernetesOptions
    let files: KubernetesFiles
    /// The storage of the container's volumes; `nil` if it has none.
    let claim: KubernetesClaim?
    /// Where the server runs; see ``KubernetesOwner``.
    let instance: String

    /// The Job's name.
    var name: String { KubernetesName.job(of: container.name) }

    /// Its pod.
    var pod: KubernetesPod {
        KubernetesPod(container: container, options: options, files: files, claim: claim)
    }

    /// Everything that is created for the container, as a list.
    var objects: JSON {
        let claims = (claim.map { [$0.json] } ?? [])
        return ["apiVersion": "v1", "kind": "List", "items": .array(files.maps.map(\.json) + claims + [json])]
    }

    /// The Job as the API wants it.
    var json: JSON {
        let labels = KubernetesOwner.labels(of: container)
        return [
            "apiVersion": "batch/v1", "kind": "Job",
            "metadata": .object(options.metadata(name, labels: labels, annotations: annotations)),
            "spec": [
                "completions": 1, "parallelism": 1, "backoffLimit": 0,
                "ttlSecondsAfterFinished": .integer(Self.keptSeconds),
                "activeDeadlineSeconds": .integer(Self.lifetimeSeconds),
                "template": [
                    "metadata": [
                        "labels": .object(pod.labels(beside: labels)),
                        "annotations": .object(annotations),
                    ],
                    "spec": pod.spec,
                ],
            ],
        ]
    }

    /// The annotations of the Job and of its pod.
    var annotations: JSONObject {
        var annotations = KubernetesPod.annotations
        for member in KubernetesOwner.annotations(of: container, instance: instance) {
            annotations[member.key] = member.value
        }
        return annotations
    }
}
