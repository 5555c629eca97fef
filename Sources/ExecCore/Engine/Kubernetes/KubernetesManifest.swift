public import JSON
import YAML

/// What a cluster needs before sandboxes can run on it, and what a sandbox is there. A pure value.
public struct KubernetesManifest: Sendable {
    /// The name of the server's account, of its role and of the binding of both.
    private static let account = "exec-mcp"
    /// How many pods a pool keeps ready if nothing else is said.
    public static let usualPoolSize = 2
    /// Sandboxes that are ending count while their successors start.
    private static let margin = 2

    private let options: KubernetesOptions
    private let configuration: SandboxConfiguration
    private let limits: Limits
    private let agent: KubernetesAgent?
    /// How many pods the pool keeps ready; 0 without a pool.
    private let poolSize: Int
    private let pool: WarmPool?

    /// Creates the manifest for a server with these options.
    ///
    /// - Parameters:
    ///   - agentImage: an image with exec-agent, which runs in the namespace too; `nil` if it runs elsewhere.
    ///   - variables: the options of its exec-mcp.
    ///   - poolSize: how many pods the pool keeps ready, if the options name one.
    /// - Throws: ``ExecError`` if a pool can't have the skills and tools.
    public init(
        _ options: KubernetesOptions, configuration: SandboxConfiguration, limits: Limits, agentImage: String? = nil,
        variables: [(name: String, value: String)] = [], poolSize: Int = usualPoolSize
    ) throws(ExecError) {
        self.options = options
        self.configuration = configuration
        self.limits = limits
        agent = agentImage.map {
            KubernetesAgent(image: $0, options: options, account: Self.account, variables: variables)
        }
        if let name = options.warmPool {
            let container = Self.spec(of: .ofThisAccount, configuration: configuration, limits: limits).container
            pool = try WarmPool(name, for: container, options: options)
            self.poolSize = poolSize
        } else {
            pool = nil
            self.poolSize = 0
        }
    }

    /// A namespace for sandboxes and nothing else: what may run in it, how much, that nothing in it has a network, and an
    /// account with the few rights that a server needs. With a pool, that too.
    var objects: [JSON] {
        [namespace, serviceAccount, role, binding, quota, networkPolicy] + (pool?.objects(size: poolSize) ?? [])
            + (agent?.objects ?? [])
    }

    /// ``objects`` as YAML documents.
    public var text: String {
        objects.map { "---\n" + YAML.text(of: $0) }.joined()
    }

    /// What is created for a sandbox of this user, as a list.
    ///
    /// - Throws: ``ExecError`` if a cluster can't have it.
    public func sandbox(of user: UserID) throws(ExecError) -> JSON {
        let spec = Self.spec(of: user, configuration: configuration, limits: limits)
        let engine = KubernetesEngine(program: "kubectl", environment: [:], options: options)
        return try engine.objects(of: spec.container)
    }

    private static func spec(
        of user: UserID, configuration: SandboxConfiguration, limits: Limits
    ) -> SandboxSpec {
        SandboxSpec(
            name: SandboxSpec.newName(for: user), user: user, owner: .current(),
            account: Accounts().account(of: user, in: configuration), configuration: configuration, limits: limits)
    }

    private var namespace: JSON {
        [
            "apiVersion": "v1", "kind": "Namespace",
            "metadata": [
                "name": .string(options.namespace),
                "labels": [
                    "app.kubernetes.io/managed-by": "exec-mcp",
                    "pod-security.kubernetes.io/enforce": "restricted",
                    "pod-security.kubernetes.io/enforce-version": "latest",
                ],
            ],
        ]
    }

    private var serviceAccount: JSON {
        [
            "apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata(Self.account),
            "automountServiceAccountToken": false,
        ]
    }

    private var role: JSON {
        [
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": metadata(Self.account),
            "rules": .array(
                KubernetesRight.all(for: options).map { right in
                    [
                        "apiGroups": [.string(right.group)], "resources": [.string(right.resource)],
                        "verbs": .array(right.verbs.map(JSON.string)),
                    ]
                }),
        ]
    }

    private var binding: JSON {
        [
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": metadata(Self.account),
            "roleRef": [
                "apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": .string(Self.account),
            ],
            "subjects": [
                [
                    "kind": "ServiceAccount", "name": .string(Self.account), "namespace": .string(options.namespace),
                ]
            ],
        ]
    }

    private var quota: JSON {
        let sandboxes = limits.maxSandboxes + Self.margin + poolSize
        let agents = agent == nil ? 0 : 1
        let processors = Int((Double(sandboxes) * (Double(configuration.cpus) ?? 1)).rounded(.up))
        // Within what a number can hold, whatever --memory is.
        let sandboxMemory = min(configuration.memory.bytes, Int.max / 2 / sandboxes)
        let memory = sandboxes * sandboxMemory + agents * KubernetesAgent.memory
        return [
            "apiVersion": "v1", "kind": "ResourceQuota", "metadata": metadata("sandboxes"),
            "spec": [
                "hard": [
                    "pods": .string(String(sandboxes + agents)),
                    "limits.cpu": .string(String(processors + agents * KubernetesAgent.processors)),
                    "limits.memory": .string(String(memory)),
                    "limits.ephemeral-storage": .string("\(sandboxes + agents)Gi"),
                ]
            ],
        ]
    }

    private var networkPolicy: JSON {
        [
            "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": metadata("no-network"),
            // Selects every pod, and allows nothing in either direction.
            "spec": ["podSelector": [:], "policyTypes": ["Ingress", "Egress"]],
        ]
    }

    private func metadata(_ name: String) -> JSON {
        [
            "name": .string(name), "namespace": .string(options.namespace),
            "labels": ["app.kubernetes.io/managed-by": "exec-mcp"],
        ]
    }
}
