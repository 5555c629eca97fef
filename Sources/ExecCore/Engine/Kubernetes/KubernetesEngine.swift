public import ChildProcess
import Diagnostics
import JSON
import SystemCalls

/// Runs each container as a Job of a Kubernetes cluster, by kubectl: creates the Job, waits until its pod is ready, and
/// attaches to the pod. The attached kubectl is the child process whose pipes are the channel. With a pool, it claims one
/// of the pool's pods instead.
///
/// `kubectl run --stdin` would be one command, but it may print the log before it attaches, and follows the log with a
/// dead input if it can't attach.
public struct KubernetesEngine: ContainerEngine {
    /// The label with the network that a sandbox asked for, so that a policy can tell those without any.
    static let networkLabel = Owner.prefix + "network"
    /// Timeout of the command that creates everything, in seconds.
    private static let createTimeout = 30.0
    /// The least time that an answer of the cluster may take, in seconds: a program that kubectl asks for credentials
    /// alone may take some.
    private static let patience = 15.0
    private static let listLimit = 32 << 20

    let kubectl: Kubectl

    /// - Parameters:
    ///   - program: the path of kubectl.
    ///   - environment: the complete environment of its commands.
    init(program: String, environment: [String: String], options: KubernetesOptions) {
        kubectl = Kubectl(program: program, environment: environment, options: options)
    }

    /// The path of kubectl.
    public var name: String { kubectl.program }

    /// Its nodes are other machines.
    public var isLocal: Bool { false }

    /// ConfigMaps hold the files.
    public var fileTransport: FileTransport { .copies }

    /// Nodes write what a pod's container writes into their logs.
    public var recordsOutput: Bool { true }

    /// The context of kubectl's configuration, if one was named, and the namespace.
    public var address: String? {
        let namespace = "namespace \(kubectl.options.namespace)"
        return kubectl.options.context.map { "context \($0), \(namespace)" } ?? namespace
    }

    /// The cluster's nodes fetch images when they need them.
    public var fetchesImages: Bool { true }

    /// With version 2 of control groups, nodes set `memory.oom.group` unless they are told otherwise.
    public var endsAsAWhole: Bool { true }

    /// Creates the Job or claims a pod of the pool, waits until the pod is ready, and attaches to it. On failure, the Job
    /// or the claim is deleted.
    public func start(_ container: ContainerSpec) async throws -> ChildProcess {
        let start = try preparation(of: container)
        do {
            return try ChildProcess(starting: kubectl.attach(to: await start()))
        } catch {
            processEnded(of: container.name)
            throw error
        }
    }

    /// The objects that ``start(_:)`` would create, as a list that the API accepts.
    ///
    /// - Throws: ``ExecError`` if a cluster can't have this container.
    func objects(of container: ContainerSpec) throws(ExecError) -> JSON {
        guard let pool = try pool(for: container) else { return try job(for: container).objects }
        let claim = claim(to: pool, for: container).json(at: time(nil))
        return ["apiVersion": "v1", "kind": "List", "items": [claim]]
    }

    /// Returns what starts a container's pod and waits until it can be attached to.
    private func preparation(
        of container: ContainerSpec
    ) throws(ExecError) -> @Sendable () async throws -> String {
        if let pool = try pool(for: container) {
            let start = WarmPoolStart(kubectl: kubectl, pool: pool, claim: claim(to: pool, for: container))
            return { try await start.ready() }
        }
        let job = try job(for: container)
        return {
            try await create(job)
            return try await PodStart(kubectl: kubectl, job: job).ready()
        }
    }

    /// The pool whose pods are used; `nil` without `--kubernetes-warm-pool`.
    private func pool(for container: ContainerSpec) throws(ExecError) -> WarmPool? {
        guard let name = kubectl.options.warmPool else { return nil }
        return try WarmPool(name, for: container, options: kubectl.options)
    }

    private func claim(to pool: WarmPool, for container: ContainerSpec) -> WarmPoolClaim {
        WarmPoolClaim(
            container: container, options: kubectl.options, pool: pool.name, instance: KubernetesOwner.instance)
    }

    private func job(for container: ContainerSpec) throws(ExecError) -> KubernetesJob {
        KubernetesJob(
            container: container, options: kubectl.options,
            files: try KubernetesFiles(
                container.mounts, options: kubectl.options, instance: KubernetesOwner.instance),
            claim: try KubernetesClaim(container, options: kubectl.options), instance: KubernetesOwner.instance)
    }

    /// Creates a Job and what it needs. ConfigMaps may be there already, as they are named by their content, and so may
    /// the user's storage.
    private func create(_ job: KubernetesJob) async throws {
        let output = try await kubectl.create().run(
            input: job.objects.serialized(), timeout: Self.createTimeout)
        try Task.checkCancellation()
        let created = String(decoding: output.output, as: UTF8.self).split(whereSeparator: \.isNewline).map(String.init)
        // The first sandbox of a day, or with changed files.
        if created.contains(where: { $0.hasPrefix("configmap/") }) {
            runInBackground(kubectl.deleteOldFiles(of: job.instance))
        }
        guard !output.succeeded else { return }
        // The other lines may be warnings of the cluster or of a program that kubectl asks for credentials.
        let present = KubectlFailure.complaints(output.errorOutput).filter { $0.contains("(AlreadyExists)") }
        let rest = job.files.maps.filter { !created.contains("configmap/\($0.name)") }
        let claims = (job.claim.map { [$0.name] } ?? []).filter { !created.contains("persistentvolumeclaim/\($0)") }
        let others = rest.map(\.name) + claims
        guard created.contains("job.batch/\(job.name)"),
            others.allSatisfy({ name in present.contains { $0.contains(name) } })
        else { throw failure(of: output, doing: "create the sandbox's Job") }
        if !rest.isEmpty { try await check(rest) }
    }

    /// Checks ConfigMaps that were there already.
    private func check(_ maps: [(name: String, json: JSON)]) async throws {
        let output = try await kubectl.configMaps(maps.map(\.name)).run(
            limit: Self.listLimit, timeout: Self.createTimeout)
        guard output.succeeded, let answer = try? JSON.parse(output.output) else {
            throw failure(of: output, doing: "read the ConfigMaps of skills and tools")
        }
        try KubernetesFiles.check(
            maps, among: answer["items"]?.arrayValue ?? [answer], namespace: kubectl.options.namespace)
    }

    private func failure(of output: CommandOutput, doing what: String) -> ExecError {
        KubectlFailure(kubectl: kubectl, output: output).error(doing: what)
    }

    /// Deletes the Job or the claim in the background. A cluster keeps those that have ended.
    public func processEnded(of container: String) {
        let name = KubernetesName.job(of: container)
        let isOfPool = kubectl.options.warmPool != nil
        runInBackground(isOfPool ? kubectl.delete(poolClaims: [name]) : kubectl.delete(jobs: [name]))
    }

    private func runInBackground(_ command: Command) {
        guard let child = try? ChildProcess(starting: command) else { return }
        child.input.close()
        try? child.read(onOutput: { _ in }, onEnd: { _ in })
    }

    /// Interprets kubectl's last output. Its exit status says nothing: it is 0 also when the connection was cut.
    public func explain(
        _ end: ChildProcess.End, of configuration: SandboxConfiguration, printed: [UInt8]
    ) -> EngineFailure {
        let failure = KubectlFailure(kubectl: kubectl, end: end)
        let start =
            printed.isEmpty
            ? failure.error(doing: "attach to the sandbox's pod")
            : ExecError.strayOutput(printed, engine: kubectl.program, end: end.status)
        return EngineFailure(
            summary: failure.summary, startError: start,
            endError: ExecError(
                .sandboxEnded,
                """
                The sandbox ended during the call (\(failure.summary)): its pod was removed, or the connection to the \
                cluster was lost. Its processes are gone, and its files except those in a persistent /workspace. The \
                next call starts a new sandbox.
                """))
    }

    /// The program, what selects the cluster, and the pod.
    public func fingerprint(of container: ContainerSpec) -> [String] {
        let options = kubectl.options
        let pod = try? (pool(for: container)?.pod ?? job(for: container).pod).spec.text
        return [kubectl.program, options.context ?? "", options.namespace, options.warmPool ?? "", pod ?? ""]
            + ["KUBECONFIG", "HOME"].map { "\($0)=\(kubectl.environment[$0] ?? "")" }
    }

    /// Runs `kubectl delete`, for containers that are named by themselves, by their Jobs or by their claims.
    @discardableResult
    public func remove(_ containers: [String], within seconds: Double) async throws(ExecError) -> String {
        let command = kubectl.delete(sandboxes: containers.map(KubernetesName.job))
        return "\(try await output(of: command, within: seconds, doing: "delete sandboxes").status)"
    }

    /// Runs `kubectl get`, for Jobs and with a pool for claims.
    public func containers(
        labelled label: EngineLabel, including names: [String], within seconds: Double
    ) async throws(ExecError) -> [LabelledContainer] {
        let value = label.value.map { "=\(KubernetesName.labelValue(for: $0))" } ?? ""
        let output = try await output(
            of: kubectl.sandboxes(label.name + value), within: seconds, doing: "list the sandboxes")
        return Self.containers(in: (try? JSON.parse(output.output)) ?? .null, values: names)
    }

    /// The Jobs and claims of a list that we have made and that are not being deleted.
    static func containers(
        in list: JSON, values names: [String], instance: String = KubernetesOwner.instance
    ) -> [LabelledContainer] {
        (list["items"]?.arrayValue ?? []).compactMap { job in
            let metadata = job["metadata"]
            guard let name = metadata?["name"]?.stringValue, KubernetesName.isOwn(name),
                metadata?["deletionTimestamp"] == nil
            else { return nil }
            let values = names.map { label in
                let value = metadata?["annotations"]?[label]?.stringValue ?? ""
                return KubernetesOwner.read(value, of: label, instance: instance)
            }
            return LabelledContainer(id: name, values: values)
        }
    }

    /// A cluster cannot pause a pod.
    public func isSuspended(_ container: String) async -> Bool { false }

    /// Empty: only users have storage on clusters.
    public func volumes(withPrefix prefix: String) async -> [EngineVolume] { [] }

    /// Deletes the claims that are named after these volumes.
    public func remove(volumes: [String]) async {
        guard kubectl.options.storageClass != nil else { return }
        _ = try? await kubectl.delete(claims: volumes.map(KubernetesName.claim)).run(timeout: EngineTimeout.sweep)
    }

    /// Runs `kubectl version`, which asks the cluster.
    public func versions() async throws(ExecError) -> EngineVersions {
        let output = try await output(
            of: kubectl.version(), within: EngineTimeout.question, doing: "ask the cluster for its version")
        let answer = (try? JSON.parse(output.output)) ?? .null
        func version(_ side: String) -> String? {
            answer[side]?["gitVersion"]?.stringValue?.singleLine(limit: 100)
        }
        return EngineVersions(client: version("clientVersion") ?? "?", server: version("serverVersion"))
    }

    /// Returns kubectl commands.
    public func hints(for name: String) -> EngineHints {
        EngineHints(
            listContainers: "\(name) get \(kubectl.options.warmPool == nil ? "jobs" : "sandboxclaims") --namespace "
                + kubectl.options.namespace,
            diskUsage: "\(name) describe nodes")
    }

    /// Has the cluster review each right.
    public func missingRights() async throws(ExecError) -> [String]? {
        let namespace = kubectl.options.namespace
        let reviews = KubernetesRight.all(for: kubectl.options).flatMap { $0.reviews(namespace: namespace) }
        let output = try await output(
            of: kubectl.review(), reading: ["apiVersion": "v1", "kind": "List", "items": .array(reviews)],
            within: Self.createTimeout, doing: "ask the cluster what this account may do")
        var stream = JSONStream()
        let answers = output.output.withUnsafeBytes { stream.add($0) }
        return answers.compactMap(KubernetesRight.missing)
    }

    /// Unknown: nodes may differ.
    public func isRootless() async -> Bool? { nil }

    /// Not known here, whatever the name.
    public func image(_ name: String) async throws(ExecError) -> ImageDescription {
        throw ExecError(
            .refused, "The nodes of a cluster fetch the image \(name) when they need it; kubectl cannot look for it.")
    }

    private func output(
        of command: Command, reading input: JSON? = nil, within seconds: Double, doing what: String
    ) async throws(ExecError) -> CommandOutput {
        let seconds = max(seconds, Self.patience)
        let output: CommandOutput
        do {
            output = try await command.run(
                input: input?.serialized() ?? [], limit: Self.listLimit, timeout: seconds)
        } catch {
            throw ExecError(.engineFailed, "\(kubectl.program) cannot be run: \(error)")
        }
        guard !output.timedOut else {
            throw ExecError(
                .engineFailed,
                """
                The cluster did not answer \(kubectl.program) within \(Int(seconds)) seconds. Can it be reached from \
                here?
                """)
        }
        guard output.succeeded else { throw failure(of: output, doing: what) }
        return output
    }
}
