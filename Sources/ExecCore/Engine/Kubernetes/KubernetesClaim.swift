import JSON

/// The volumes of a container as one volume of the cluster that the user keeps: a claim that one pod at a time can have.
struct KubernetesClaim: Sendable, Equatable {
    /// The name of the pod's volume.
    private static let volumeName = "storage"

    let name: String
    /// The claim as the API wants it.
    let json: JSON
    /// The container's mounts: a directory of the volume each.
    let mounts: [JSON]

    /// The pod's volume.
    var volume: JSON {
        ["name": .string(Self.volumeName), "persistentVolumeClaim": ["claimName": .string(name)]]
    }

    /// - Returns: `nil` if the container has no volumes.
    /// - Throws: ``ExecError`` if it has some and there is no class of storage for them.
    init?(_ container: ContainerSpec, options: KubernetesOptions) throws(ExecError) {
        let volumes = container.mounts.compactMap { mount -> (name: String, target: String)? in
            if case .volume(let name, let target) = mount { return (name, target) }
            return nil
        }
        guard let first = volumes.first else { return nil }
        guard let storageClass = options.storageClass else {
            throw ExecError(
                .engineFailed,
                """
                A cluster has no volumes for workspaces unless it is told of which class: name it with \
                --kubernetes-storage-class, or use --workspace ephemeral.
                """)
        }
        name = KubernetesName.claim(of: first.name)
        var annotations = JSONObject()
        for pair in container.labels where pair.name == Owner.userLabel {
            annotations[pair.name] = .string(pair.value)
        }
        json = [
            "apiVersion": "v1", "kind": "PersistentVolumeClaim",
            "metadata": [
                "name": .string(name), "namespace": .string(options.namespace),
                "labels": ["app.kubernetes.io/managed-by": "exec-mcp", "app.kubernetes.io/component": "workspace"],
                "annotations": .object(annotations),
            ],
            "spec": [
                // Two pods that write to the same files on different nodes would wait for each other without a word.
                "accessModes": ["ReadWriteOncePod"], "storageClassName": .string(storageClass),
                "resources": ["requests": ["storage": .string(String(options.storageBytes))]],
            ],
        ]
        mounts = volumes.map { volume in
            [
                "name": .string(Self.volumeName), "mountPath": .string(volume.target),
                "subPath": .string(KubernetesName.volume(at: volume.target)),
            ]
        }
    }
}
