import CommandOptions
import ExecCore
import SystemCalls

extension ServerOptionTable {
    static let kubernetesOptions = [
        ServerOption(
            flag: "--kubernetes-context", variable: "MCP_EXECUTOR_KUBERNETES_CONTEXT", placeholder: "NAME",
            help: "the cluster for --engine kubectl: a context of kubectl's configuration", fallback: "the current one",
            accepts: "a context's name; see `kubectl config get-contexts`"
        ) { value, options in
            guard !value.isEmpty, !value.hasPrefix("-"), value.utf8.count <= 255 else { return false }
            options.kubernetes.context = value
            return true
        },
        ServerOption(
            flag: "--kubernetes-namespace", variable: "MCP_EXECUTOR_KUBERNETES_NAMESPACE", placeholder: "NAME",
            help: "the namespace of the sandboxes, for nothing else; see exec-mcp kubernetes manifest",
            fallback: KubernetesOptions.usualNamespace, accepts: "a name of small letters, digits and hyphens"
        ) { value, options in
            options.kubernetes.namespace = value
            return KubernetesName.isLabel(value)
        },
        ServerOption(
            flag: "--kubernetes-image-pull-secret", variable: "MCP_EXECUTOR_KUBERNETES_IMAGE_PULL_SECRET",
            placeholder: "NAME[,…]", help: "a secret of the namespace with which nodes pull the image; may be repeated",
            fallback: "none", accepts: "names of small letters, digits, hyphens and dots, separated by commas"
        ) { value, options in
            let names = value.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
            options.kubernetes.imagePullSecrets += names
            return names.allSatisfy(KubernetesName.isSubdomain)
        },
        ServerOption(
            flag: "--kubernetes-storage-class", variable: "MCP_EXECUTOR_KUBERNETES_STORAGE_CLASS", placeholder: "NAME",
            help: "the class of storage of persistent workspaces", fallback: "none, workspaces are in memory",
            accepts: "a name of small letters, digits, hyphens and dots; see `kubectl get storageclasses`"
        ) { value, options in
            options.kubernetes.storageClass = value
            return KubernetesName.isSubdomain(value)
        },
        ServerOption(
            flag: "--kubernetes-owner", variable: "MCP_EXECUTOR_KUBERNETES_OWNER", placeholder: "POD/UID",
            help: "the pod of the namespace that this server runs in: when it goes, its sandboxes do", fallback: "none",
            accepts: "a pod's name, a slash and its uid"
        ) { value, options in
            options.kubernetes.owner = KubernetesOptions.OwnerPod(value)
            return options.kubernetes.owner != nil
        },
        ServerOption(
            flag: "--kubernetes-warm-pool", variable: "MCP_EXECUTOR_KUBERNETES_WARM_POOL", placeholder: "NAME",
            help: "a pool of agent-sandbox, whose pods are ready in advance; see exec-mcp kubernetes manifest",
            fallback: "none, each sandbox starts a pod", accepts: "a name of small letters, digits, hyphens and dots"
        ) { value, options in
            options.kubernetes.warmPool = value
            return KubernetesName.isSubdomain(value)
        },
        ServerOption(
            flag: "--pod-template", variable: "MCP_EXECUTOR_POD_TEMPLATE", placeholder: "FILE",
            help: "a pod in YAML or JSON: what is added to every sandbox's, such as node selector, tolerations, labels",
            fallback: "none", accepts: "a file with a pod's allowed fields",
            objection: { template(in: $0).objection }, paths: { [$0] }
        ) { value, options in
            guard let found = template(in: value).template else { return false }
            options.kubernetes.template = found
            return true
        },
    ]

    /// The template in a file, or else why it has none.
    private static func template(in path: String) -> (template: PodTemplate?, objection: String?) {
        guard let bytes = Files.read(HostPath.expanded(path), limit: PodTemplate.maxSize + 1) else {
            return (nil, "this file cannot be read")
        }
        guard bytes.count <= PodTemplate.maxSize, let text = String(validating: bytes, as: UTF8.self) else {
            return (nil, "this is not a text of at most \(PodTemplate.maxSize) bytes")
        }
        do throws(PodTemplateError) {
            return (try PodTemplate(text), nil)
        } catch {
            return (nil, error.reason)
        }
    }
}

extension ServerOptionParser {
    /// Rejects what a cluster can't do, and options for clusters without one.
    static func checkKubernetes(_ options: inout Options) throws(UsageError) {
        guard EngineLocator.isCluster(options.engine) else {
            guard options.kubernetes == KubernetesOptions() else {
                throw UsageError(
                    message: """
                        --kubernetes-… and --pod-template are for sandboxes on a cluster: they need --engine kubectl
                        """)
            }
            return
        }
        guard options.launcher.isEmpty else {
            throw UsageError(message: "--launcher works only with a container engine, not with --engine kubectl")
        }
        if let seconds = options.limits.startTimeout { options.kubernetes.startTimeout = seconds }
        try checkWarmPool(&options)
        try checkWorkspace(&options)
        options.configuration.provesNoNetwork = options.configuration.network == "none"
        guard ["none", "bridge"].contains(options.configuration.network) else {
            throw UsageError(
                message: """
                    --network \(options.configuration.network): a cluster's sandboxes have the network that the policies of \
                    their namespace leave them: give none (and have a policy that denies all), or bridge
                    """)
        }
        guard options.engineLocation != .local else {
            throw UsageError(message: "--engine-location local: the nodes of a cluster are other machines, always")
        }
        guard options.limits.linger == 0 else {
            throw UsageError(message: "--linger works only with a container engine, not with --engine kubectl")
        }
        if let runtime = options.configuration.runtime, !KubernetesName.isSubdomain(runtime) {
            throw UsageError(message: "--runtime \(runtime) cannot be the name of a cluster's runtime class")
        }
    }

    /// Rejects what a claim to a pod that is there already can't ask for.
    private static func checkWarmPool(_ options: inout Options) throws(UsageError) {
        let isPrinted = options.makesWarmPool
        options.makesWarmPool = false
        guard options.kubernetes.warmPool != nil else { return }
        guard options.kubernetes.storageClass == nil else {
            throw UsageError(
                message: """
                    --kubernetes-storage-class and --kubernetes-warm-pool exclude each other: a pool's pods are there \
                    before it is known whose files they need, so their workspaces are in memory
                    """)
        }
        guard isPrinted || options.kubernetes.template == PodTemplate() else {
            throw UsageError(
                message: """
                    --pod-template and --kubernetes-warm-pool exclude each other: a pool's pods are there already. Give \
                    the file to exec-mcp kubernetes manifest, which puts it into the pool's template
                    """)
        }
        // Skills of single users, which people have approved.
        options.configuration.skillStore = nil
    }

    private static func checkWorkspace(_ options: inout Options) throws(UsageError) {
        // Besides what is in the workspace: artifacts, and what a file system needs itself.
        let rest = 1 << 30
        options.kubernetes.storageBytes = min(options.configuration.workspaceLimit.bytes, Int.max - rest) + rest
        switch options.configuration.workspace {
        case .ephemeral: break
        case .persistent where options.kubernetes.storageClass != nil: break
        case .persistent where !options.namesWorkspace: options.configuration.workspace = .ephemeral
        case .persistent:
            throw UsageError(
                message: """
                    --workspace persistent: a cluster has volumes for workspaces only if it is told of which class: add \
                    --kubernetes-storage-class, or use --workspace ephemeral, which is the default without it
                    """)
        case .directory(let path, _):
            throw UsageError(
                message: """
                    --workspace \(path): a cluster's nodes cannot mount a directory of this machine. Use --workspace \
                    ephemeral, or persistent with --kubernetes-storage-class
                    """)
        }
    }
}
