import JSON

/// Where on which cluster sandboxes run, and how.
public struct KubernetesOptions: Sendable, Equatable {
    /// The namespace if none is named.
    public static let usualNamespace = "exec-mcp-sandboxes"

    /// The context of kubectl's configuration; `nil` for the current one.
    public var context: String?
    /// The namespace, which should hold nothing but sandboxes.
    public var namespace = usualNamespace
    /// The secrets with which the nodes pull the image.
    public var imagePullSecrets: [String] = []
    /// The class of storage of persistent workspaces; `nil` if there are none.
    public var storageClass: String?
    /// The size of a user's storage, in bytes.
    public var storageBytes = 3 << 30
    /// The pod that the server runs in, in the same namespace; `nil` if it runs elsewhere.
    public var owner: OwnerPod?
    /// The pool of agent-sandbox whose pods are used; `nil` if each sandbox has a Job.
    public var warmPool: String?
    /// What is added to every pod.
    public var template = PodTemplate()
    /// How long a pod may take until it is ready, in seconds. A cold pull of a large image takes minutes.
    public var startTimeout = 600

    /// The defaults.
    public init() {}

    /// The command that prints what the namespace needs.
    public var manifestCommand: String {
        "exec-mcp kubernetes manifest" + (warmPool.map { " --kubernetes-warm-pool \($0)" } ?? "")
    }

    /// The metadata of an object that goes away with the server's pod, if the server runs in one.
    func metadata(_ name: String, labels: JSONObject, annotations: JSONObject? = nil) -> JSONObject {
        var metadata: JSONObject = [
            "name": .string(name), "namespace": .string(namespace), "labels": .object(labels),
        ]
        if let annotations { metadata["annotations"] = .object(annotations) }
        if let owner {
            metadata["ownerReferences"] = [
                ["apiVersion": "v1", "kind": "Pod", "name": .string(owner.name), "uid": .string(owner.uid)]
            ]
        }
        return metadata
    }

    /// The pod that a server runs in.
    public struct OwnerPod: Sendable, Equatable {
        /// The pod's name.
        public let name: String
        /// The pod's unique id.
        public let uid: String

        /// Parses `NAME/UID`.
        public init?(_ text: String) {
            let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2, parts.allSatisfy(KubernetesName.isSubdomain) else { return nil }
            name = parts[0]
            uid = parts[1]
        }
    }
}
