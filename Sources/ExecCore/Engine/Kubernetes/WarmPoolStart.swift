import ChildProcess
import Diagnostics
import JSON
import SystemCalls
import Threading

/// Claims a pod of a pool, waits until it is ready, and checks that it is what we would have created.
struct WarmPoolStart: Sendable {
    /// Seconds after which the pod is looked at while the claim is not ready. With a warm pod, it is ready long before.
    private static let patience = 2.0
    /// Timeout of a single command, in seconds.
    private static let commandTimeout = 30.0
    private static let listLimit = 32 << 20

    let kubectl: Kubectl
    let pool: WarmPool
    let claim: WarmPoolClaim

    /// Returns the name of the pod once it can be attached to.
    ///
    /// - Throws: ``ExecError`` with what is wrong and a remedy; `CancellationError`.
    func ready() async throws -> String {
        try await run(kubectl.create(), reading: claim.json(at: time(nil)), to: "claim a pod of the pool \(pool.name)")
        let sandbox = try await claimed()
        // Side by side, as each is a process and a question to the cluster.
        async let check: Void = check(sandbox)
        async let extending: Void = extend()
        _ = try await (check, extending)
        return sandbox
    }

    /// Returns the name of the claim's pod once it is ready.
    private func claimed() async throws -> String {
        let seen = Locked<WarmPoolClaimState?>(nil)
        let pod = Locked<PodState?>(nil)
        return try await withThrowingTaskGroup(of: String?.self) { group in
            group.addTask { try await watchClaim(seen, pod) }
            group.addTask {
                try await watchPod(seen, pod)
                return nil
            }
            defer { group.cancelAll() }
            while let name = try await group.next() {
                if let name { return name }
            }
            throw CancellationError()
        }
    }

    private func watchClaim(
        _ seen: Locked<WarmPoolClaimState?>, _ pod: Locked<PodState?>
    ) async throws -> String {
        let watch = RepeatedWatch(
            kubectl: kubectl, command: kubectl.watchClaim(claim.name), purpose: "watch the claim to a pod of the pool")
        let name = try await watch.first(within: Double(kubectl.options.startTimeout)) { [pool] object -> String? in
            guard let state = WarmPoolClaimState(object) else { return nil }
            seen.withLock { $0 = state }
            if let failure = state.failure(pool: pool.name, pool.options) { throw failure }
            return state.isReady ? state.sandbox : nil
        }
        guard let name else { throw slow(seen.withLock { $0 }, pod.withLock { $0 }) }
        return name
    }

    /// Looks for the reason why a pod that isn't from the pool's stock doesn't start, which the claim doesn't tell.
    private func watchPod(_ seen: Locked<WarmPoolClaimState?>, _ pod: Locked<PodState?>) async throws {
        try await Task.sleep(for: .seconds(Self.patience))
        // Without a pod in stock, the claim gets one of its own name.
        let name = seen.withLock { $0?.sandbox } ?? claim.name
        let watch = RepeatedWatch(
            kubectl: kubectl, command: kubectl.watchPod(called: name), purpose: "watch the sandbox's pod")
        _ = try await watch.first(within: Double(kubectl.options.startTimeout)) { [image] object -> Bool? in
            guard let state = PodState(object) else { return nil }
            pod.withLock { $0 = state }
            if let failure = state.failure(image: image) { throw failure }
            return state.isReady ? true : nil
        }
    }

    private var image: String { pool.pod.container.image }

    /// Compares the pod, and the ConfigMaps of its skills and tools, with what they should be.
    private func check(_ sandbox: String) async throws {
        let maps = pool.pod.files.maps
        let command = kubectl.objects(["pod/\(sandbox)"] + maps.map { "configmap/\($0.name)" })
        let output = try await command.run(limit: Self.listLimit, timeout: Self.commandTimeout)
        try Task.checkCancellation()
        let answer = (try? JSON.parse(output.output)) ?? .null
        let found = answer["items"]?.arrayValue ?? [answer]
        guard let pod = found.first(where: { $0["kind"] == "Pod" }), let state = PodState(pod), state.name == sandbox
        else { throw failure(of: output, to: "read the pod of the pool \(pool.name)") }
        // Before what the command failed at: if the pod has other files, those that it should have may not be there.
        try pool.check(pod, of: sandbox)
        if let failure = state.failure(image: image) { throw failure }
        guard output.succeeded else { throw failure(of: output, to: "read the ConfigMaps of skills and tools") }
        try KubernetesFiles.check(maps, among: found, namespace: pool.options.namespace)
    }

    /// Has the claim expire only after the longest life of a sandbox.
    private func extend() async throws {
        let patch = WarmPoolClaim.renewal(at: time(nil))
        try await run(kubectl.patchClaim(claim.name, with: patch), to: "extend the claim to a pod of the pool")
    }

    private func run(_ command: Command, reading input: JSON? = nil, to purpose: String) async throws {
        let output = try await command.run(input: input?.serialized() ?? [], timeout: Self.commandTimeout)
        try Task.checkCancellation()
        guard output.succeeded else { throw failure(of: output, to: purpose) }
    }

    private func failure(of output: CommandOutput, to purpose: String) -> ExecError {
        KubectlFailure(kubectl: kubectl, output: output).error(doing: purpose)
    }

    private func slow(_ state: WarmPoolClaimState?, _ pod: PodState?) -> ExecError {
        let reason =
            state.map { $0.explanation(pool: pool.name) } ?? "The cluster says nothing about the claim \(claim.name)."
        let explanation = pod.flatMap { $0.isReady ? nil : " \($0.explanation)" } ?? ""
        return ExecError(
            .engineFailed,
            """
            No pod of the pool \(pool.name) was ready within \(kubectl.options.startTimeout) seconds (--start-timeout). \
            \(reason)\(explanation)
            """)
    }
}
