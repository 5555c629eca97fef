import Diagnostics
import JSON

/// A right that a server needs in the namespace of its sandboxes.
struct KubernetesRight: Sendable, Equatable {
    /// The API group; empty for the core.
    let group: String
    /// The resource, perhaps with a subresource.
    let resource: String
    /// What may be done with it.
    let verbs: [String]

    /// All that a server with these options does. It can neither read logs nor run programs in pods, and creates pods
    /// only through Jobs and claims.
    static func all(for options: KubernetesOptions) -> [KubernetesRight] {
        var rights = common
        if options.storageClass != nil {
            rights.append(KubernetesRight(group: "", resource: "persistentvolumeclaims", verbs: ["create", "delete"]))
        }
        if options.warmPool != nil {
            let verbs = ["create", "get", "list", "watch", "patch", "delete"]
            rights.append(KubernetesRight(group: WarmPool.group, resource: "sandboxclaims", verbs: verbs))
        }
        return rights
    }

    private static let common = [
        KubernetesRight(group: "batch", resource: "jobs", verbs: ["create", "get", "list", "delete"]),
        KubernetesRight(group: "", resource: "pods", verbs: ["get", "list", "watch"]),
        // Over WebSockets, attaching is a GET.
        KubernetesRight(group: "", resource: "pods/attach", verbs: ["create", "get"]),
        KubernetesRight(group: "", resource: "configmaps", verbs: ["create", "get", "list", "delete"]),
        KubernetesRight(group: "", resource: "events", verbs: ["list", "watch"]),
    ]

    /// The questions whether this account has the right, one for each verb.
    func reviews(namespace: String) -> [JSON] {
        let parts = resource.split(separator: "/").map(String.init)
        return verbs.map { verb -> JSON in
            var attributes: JSONObject = [
                "namespace": .string(namespace), "group": .string(group), "resource": .string(parts[0]),
                "verb": .string(verb),
            ]
            if parts.count > 1 { attributes["subresource"] = .string(parts[1]) }
            return [
                "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
                "spec": ["resourceAttributes": .object(attributes)],
            ]
        }
    }

    /// The right that an answer denies, in words; `nil` if it doesn't.
    static func missing(in answer: JSON) -> String? {
        guard answer["status"]?["allowed"] != true, let asked = answer["spec"]?["resourceAttributes"] else {
            return nil
        }
        let names = ["resource", "subresource"].compactMap { asked[$0]?.stringValue }.filter { !$0.isEmpty }
        return "\(asked["verb"]?.stringValue ?? "?") \(names.joined(separator: "/"))".singleLine(limit: 100)
    }
}
