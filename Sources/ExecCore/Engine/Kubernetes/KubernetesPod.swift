import JSON

/// The pod that is a container: it satisfies the Pod Security Standard *restricted*, and more. A pure value.
///
/// This is the one list of what a pod must be: a pod of ours is written by it, and a pod of a ``WarmPool`` is compared
/// with it (``PodComparison``).
struct KubernetesPod: Sendable, Equatable {
    /// The name of the pod's only container.
    static let containerName = "sandbox"
    /// What Pod Security *restricted* asks of a container, and more: the same for every container that we describe.
    static let hardening: JSON = [
        "privileged": false, "allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true,
        "runAsNonRoot": true, "capabilities": ["drop": ["ALL"]],
        "seccompProfile": ["type": "RuntimeDefault"],
    ]
    /// A sidecar would share the pod's network, and keep the pod from ending.
    static let annotations: JSONObject = ["sidecar.istio.io/inject": "false", "linkerd.io/inject": "disabled"]
    /// What a container may write to the node's disk: the log of its output, which the node rotates.
    private static let diskLimit = "1Gi"
    /// The share of a processor that is reserved, in thousandths.
    private static let reservedProcessors = 100

    let container: ContainerSpec
    let options: KubernetesOptions
    let files: KubernetesFiles
    /// The storage of the container's volumes; `nil` if it has none.
    let claim: KubernetesClaim?

    /// The pod's specification, without what distinguishes it from others like it.
    var spec: JSON {
        var spec: JSONObject = [
            "restartPolicy": "Never", "terminationGracePeriodSeconds": 0,
            "automountServiceAccountToken": false, "enableServiceLinks": false,
            "hostNetwork": false, "hostPID": false, "hostIPC": false,
            "hostname": .string(container.hostName),
            "securityContext": .object(podSecurity),
            "containers": [containerJSON],
            "volumes": .array(memoryVolumes + files.volumes + (claim.map { [$0.volume] } ?? [])),
        ]
        if container.network == "none" {
            spec["dnsPolicy"] = "None"
            spec["dnsConfig"] = ["nameservers": ["127.0.0.1"]]
        } else {
            spec["dnsPolicy"] = "ClusterFirst"
        }
        for member in options.template.spec { spec[member.key] = member.value }
        if let runtime = container.runtime { spec["runtimeClassName"] = .string(runtime) }
        let secrets = options.imagePullSecrets.map { JSON.object(["name": .string($0)]) }
        if !secrets.isEmpty {
            spec["imagePullSecrets"] = .array((options.template.spec["imagePullSecrets"]?.arrayValue ?? []) + secrets)
        }
        return .object(spec)
    }

    private var podSecurity: JSONObject {
        var security: JSONObject = [
            "runAsNonRoot": true, "runAsUser": .integer(Int(container.account.user)),
            "runAsGroup": .integer(Int(container.account.group)), "fsGroup": .integer(Int(container.account.group)),
            "seccompProfile": ["type": "RuntimeDefault"],
        ]
        // Otherwise every start changes the group of every file.
        if claim != nil { security["fsGroupChangePolicy"] = "OnRootMismatch" }
        return security
    }

    private var containerJSON: JSON {
        let memoryMounts: [JSON] = memoryDirectories.map { directory in
            ["name": .string(KubernetesName.volume(at: directory.path)), "mountPath": .string(directory.path)]
        }
        return [
            "name": .string(Self.containerName), "image": .string(container.image), "imagePullPolicy": "IfNotPresent",
            "command": .array(container.command.map { .string(Self.escaped($0)) }), "workingDir": "/",
            // When the attached client leaves, the guest's input ends, and with it the guest.
            "stdin": true, "stdinOnce": true, "tty": false,
            "env": .array(environment),
            "securityContext": Self.hardening,
            "resources": [
                "limits": [
                    "memory": .string(String(container.memory)), "cpu": .string("\(processors)m"),
                    "ephemeral-storage": .string(Self.diskLimit),
                ],
                "requests": [
                    "memory": .string(String(container.memory)),
                    "cpu": .string("\(min(processors, Self.reservedProcessors))m"), "ephemeral-storage": "64Mi",
                ],
            ],
            "volumeMounts": .array(memoryMounts + files.mounts + (claim?.mounts ?? [])),
        ]
    }

    /// Processor time in thousandths of a processor.
    private var processors: Int {
        max(1, Int(((Double(container.cpus) ?? 1) * 1000).rounded()))
    }

    private var environment: [JSON] {
        container.environment.map {
            ["name": .string($0.name), "value": .string(Self.escaped($0.value))]
        }
    }

    private var memoryDirectories: [ContainerSpec.MemoryDirectory] {
        container.memoryDirectories + [ContainerSpec.MemoryDirectory(path: "/dev/shm", size: container.sharedMemory)]
    }

    private var memoryVolumes: [JSON] {
        memoryDirectories.map { directory in
            [
                "name": .string(KubernetesName.volume(at: directory.path)),
                "emptyDir": ["medium": "Memory", "sizeLimit": .string(String(directory.size))],
            ]
        }
    }

    /// Labels that every sandbox has, whosever it is.
    static func labels(of container: ContainerSpec) -> JSONObject {
        [
            "app.kubernetes.io/managed-by": "exec-mcp", "app.kubernetes.io/component": "sandbox",
            KubernetesEngine.networkLabel: .string(container.network),
        ]
    }

    /// `labels` and those of the template, which can't replace them.
    func labels(beside labels: JSONObject) -> JSONObject {
        var labels = labels
        for member in options.template.labels where labels[member.key] == nil { labels[member.key] = member.value }
        return labels
    }

    /// `text` so that it is taken as it is: `$(NAME)` would be replaced by a variable's value.
    static func escaped(_ text: String) -> String {
        // Scalar by scalar: with a combining mark, the sign is another character to Swift only.
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            result.append(scalar)
            if scalar == "$" { result.append(scalar) }
        }
        return String(result)
    }
}
