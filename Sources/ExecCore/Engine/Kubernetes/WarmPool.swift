import Diagnostics
import JSON

/// A pool of pods that are ready before anybody needs one, which the controller of agent-sandbox (kubernetes-sigs) keeps:
/// its name, and what its pods have to be. A pure value.
///
/// The version of the API is that of the extensions of agent-sandbox 0.5.6.
struct WarmPool: Sendable, Equatable {
    /// The group and version of claims, pools and templates.
    static let apiVersion = "extensions.agents.x-k8s.io/v1beta1"
    /// What kubectl calls claims, with version and group, so that no other resource of the name is meant.
    static let claims = "sandboxclaims.v1beta1.extensions.agents.x-k8s.io"
    /// The API group alone.
    static let group = "extensions.agents.x-k8s.io"
    /// The group of what a pool's pods belong to.
    static let podOwnerGroup = "agents.x-k8s.io"

    let name: String
    let options: KubernetesOptions
    /// What a pod of the pool has to be.
    let pod: KubernetesPod

    /// - Parameter container: a container of any user.
    /// - Throws: ``ExecError`` if a cluster can't have it, or a pool can't have its files.
    init(
        _ name: String, for container: ContainerSpec, options: KubernetesOptions
    ) throws(ExecError) {
        // What is there before it is known for whom can't depend on that.
        var container = container
        container.account = Account(ofPool: name)
        container.command = ["python3"] + GuestProgram.patientArguments
        self.name = name
        self.options = options
        pod = KubernetesPod(
            container: container, options: options,
            files: try KubernetesFiles(container.mounts, options: options, pool: name), claim: nil)
    }

    /// The pool as the API wants it, with what it needs: ConfigMaps of the skills and tools, and the template.
    ///
    /// - Parameter size: how many pods are kept ready.
    func objects(size: Int) -> [JSON] {
        pod.files.maps.map(\.json) + [template, pool(of: size)]
    }

    private var template: JSON {
        [
            "apiVersion": .string(Self.apiVersion), "kind": "SandboxTemplate", "metadata": metadata,
            "spec": [
                // A policy of the controller's own would open what that of the namespace closes: policies add up.
                "networkPolicyManagement": "Unmanaged",
                "envVarsInjectionPolicy": "Disallowed", "volumeClaimTemplatesPolicy": "Disallowed",
                "podTemplate": [
                    "metadata": [
                        "labels": .object(pod.labels(beside: KubernetesPod.labels(of: pod.container))),
                        "annotations": .object(KubernetesPod.annotations),
                    ],
                    "spec": pod.spec,
                ],
            ],
        ]
    }

    private func pool(of size: Int) -> JSON {
        [
            "apiVersion": .string(Self.apiVersion), "kind": "SandboxWarmPool", "metadata": metadata,
            "spec": [
                "replicas": .integer(size), "sandboxTemplateRef": ["name": .string(name)],
                // Servers refuse pods of an older template.
                "updateStrategy": ["type": "Recreate"],
            ],
        ]
    }

    private var metadata: JSON {
        [
            "name": .string(name), "namespace": .string(options.namespace),
            "labels": ["app.kubernetes.io/managed-by": "exec-mcp"],
        ]
    }

    /// Checks a pod of the pool.
    ///
    /// - Parameters:
    ///   - found: the pod, as the API server tells it.
    ///   - sandbox: the name of the Sandbox object that the claim got, to which the pod has to belong.
    /// - Throws: ``ExecError`` with the field that isn't what it should be, and a remedy.
    func check(_ found: JSON, of sandbox: String) throws(ExecError) {
        let pod = (found["metadata"]?["name"]?.stringValue ?? sandbox).singleLine(limit: 100)
        let owners = found["metadata"]?["ownerReferences"]?.arrayValue ?? []
        let isOfSandbox = owners.contains { owner in
            owner["controller"] == true && owner["kind"] == "Sandbox" && owner["name"]?.stringValue == sandbox
                && owner["apiVersion"]?.stringValue?.hasPrefix("\(Self.podOwnerGroup)/") == true
        }
        guard isOfSandbox else {
            throw ExecError(
                .engineFailed,
                """
                The pod \(pod) does not belong to the pool \(name): somebody else has made it. See who may create pods in \
                the namespace \(options.namespace).
                """)
        }
        guard let difference = PodComparison(spec: self.pod.spec).difference(in: found) else { return }
        throw ExecError(
            .engineFailed,
            """
            The pod \(pod) of the pool \(name) is not what this server would have created, so nothing runs in it: \
            \(difference.description). Print the pool's template again, with the options, skills and tools of this server, \
            and apply it: `\(options.manifestCommand) | kubectl apply -f -`. If that changes nothing, something in the \
            cluster changes pods.
            """)
    }
}
