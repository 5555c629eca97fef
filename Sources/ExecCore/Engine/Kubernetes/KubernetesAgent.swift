import JSON

/// `exec-agent serve` as a pod beside the sandboxes that it starts. A pure value.
struct KubernetesAgent: Sendable {
    /// What it may use itself, besides its sandboxes.
    static let processors = 1
    static let memory = 1 << 30
    static let storage = 1 << 30

    private static let name = "exec-agent"
    private static let port = 8000
    private static let selector: JSON = ["app.kubernetes.io/component": "agent"]

    /// An image with exec-agent, exec-mcp and kubectl.
    let image: String
    let options: KubernetesOptions
    /// The account with the rights for sandboxes.
    let account: String
    /// Variables with the options of its exec-mcp.
    let variables: [(name: String, value: String)]

    /// The policy that lets it reach its model and the cluster, and be reached; its service; and its pod, which is
    /// replaced if it fails.
    var objects: [JSON] { [policy, service, deployment] }

    private var policy: JSON {
        [
            "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": metadata("agent-network"),
            "spec": [
                "podSelector": ["matchLabels": Self.selector], "policyTypes": ["Ingress", "Egress"],
                "ingress": [["ports": [["port": .integer(Self.port), "protocol": "TCP"]]]], "egress": [[:]],
            ],
        ]
    }

    private var service: JSON {
        [
            "apiVersion": "v1", "kind": "Service", "metadata": metadata(Self.name),
            "spec": [
                "selector": Self.selector,
                "ports": [["name": "http", "port": .integer(Self.port), "targetPort": .integer(Self.port)]],
            ],
        ]
    }

    private var deployment: JSON {
        [
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata(Self.name),
            "spec": [
                // Conversations are in one process, and sandboxes belong to it.
                "replicas": 1, "strategy": ["type": "Recreate"], "selector": ["matchLabels": Self.selector],
                "template": [
                    "metadata": [
                        "labels": ["app.kubernetes.io/managed-by": "exec-mcp", "app.kubernetes.io/component": "agent"]
                    ],
                    "spec": pod,
                ],
            ],
        ]
    }

    private var pod: JSON {
        var pod: JSONObject = [
            "serviceAccountName": .string(account), "automountServiceAccountToken": true, "enableServiceLinks": false,
            "securityContext": [
                "runAsNonRoot": true, "runAsUser": 1000, "runAsGroup": 1000, "fsGroup": 1000,
                "seccompProfile": ["type": "RuntimeDefault"],
            ],
            "containers": [container],
            "volumes": [
                ["name": "home", "emptyDir": ["sizeLimit": .string(String(Self.storage / 2))]],
                ["name": "tmp", "emptyDir": ["sizeLimit": .string(String(Self.storage / 4))]],
            ],
        ]
        if !options.imagePullSecrets.isEmpty {
            pod["imagePullSecrets"] = .array(options.imagePullSecrets.map { ["name": .string($0)] })
        }
        return .object(pod)
    }

    private var container: JSON {
        let names = [Self.name, "\(Self.name).\(options.namespace)", "\(Self.name).\(options.namespace).svc"]
        return [
            "name": .string(Self.name), "image": .string(image), "imagePullPolicy": "IfNotPresent",
            "command": [
                .string(Self.name), "serve", "--host", "0.0.0.0", "--port", .string(String(Self.port)), "--host-names",
                .string(names.joined(separator: ",")),
            ],
            "ports": [["name": "http", "containerPort": .integer(Self.port)]],
            // The model, its key, and AGENT_API_KEYS.
            "envFrom": [["secretRef": ["name": .string(Self.name)]]],
            "env": .array(environment),
            "readinessProbe": [
                "httpGet": ["path": "/health", "port": .integer(Self.port)], "periodSeconds": 5, "timeoutSeconds": 5,
            ],
            // A model or a cluster that fails is not mended by a restart.
            "livenessProbe": [
                "tcpSocket": ["port": .integer(Self.port)], "periodSeconds": 10, "timeoutSeconds": 5,
            ],
            "securityContext": KubernetesPod.hardening,
            "resources": [
                "limits": [
                    "cpu": .string(String(Self.processors)), "memory": .string(String(Self.memory)),
                    "ephemeral-storage": .string(String(Self.storage)),
                ],
                "requests": ["cpu": "100m", "memory": "256Mi", "ephemeral-storage": "64Mi"],
            ],
            "volumeMounts": [
                ["name": "home", "mountPath": "/home/agent"], ["name": "tmp", "mountPath": "/tmp"],
            ],
        ]
    }

    private var environment: [JSON] {
        let own = [("HOME", "/home/agent")] + variables.map { ($0.name, $0.value) }
        let fields = [("POD_NAME", "metadata.name"), ("POD_UID", "metadata.uid")]
        return own.map { ["name": .string($0.0), "value": .string(KubernetesPod.escaped($0.1))] }
            + fields.map { ["name": .string($0.0), "valueFrom": ["fieldRef": ["fieldPath": .string($0.1)]]] }
            // Its sandboxes go when it goes, whatever it is prevented from doing.
            + [["name": "MCP_EXECUTOR_KUBERNETES_OWNER", "value": "$(POD_NAME)/$(POD_UID)"]]
    }

    private func metadata(_ name: String) -> JSON {
        [
            "name": .string(name), "namespace": .string(options.namespace),
            "labels": ["app.kubernetes.io/managed-by": "exec-mcp", "app.kubernetes.io/component": "agent"],
        ]
    }
}
