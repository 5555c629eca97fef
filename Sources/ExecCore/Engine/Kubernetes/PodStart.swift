import ChildProcess
import Diagnostics
import JSON
import Threading

/// Waits until a Job's pod is ready to be attached to.
struct PodStart: Sendable {
    /// Seconds without a pod after which the events are read. Usually there is one long before, and reading them costs
    /// a process.
    private static let podPatience = 2.0
    /// Seconds between checks whether another pod still has the storage.
    private static let storagePause = 1.0

    /// What is known of a pod.
    private enum Sighting: Sendable {
        /// Something can be attached to the pod of this name.
        case ready(String)
        case waitingForStorage
    }

    let kubectl: Kubectl
    let job: KubernetesJob

    /// Returns the name of the pod once it is ready.
    ///
    /// - Throws: ``ExecError`` with what keeps it from starting; `CancellationError`.
    func ready() async throws -> String {
        let seen = Locked<PodState?>(nil)
        return try await withThrowingTaskGroup(of: String?.self) { group in
            group.addTask { try await watchPods(seen) }
            group.addTask {
                try await watchEvents(seen)
                return nil
            }
            defer { group.cancelAll() }
            while let name = try await group.next() {
                if let name { return name }
            }
            throw CancellationError()
        }
    }

    /// Follows the pod until it is ready.
    private func watchPods(_ seen: Locked<PodState?>) async throws -> String {
        let seconds = Double(kubectl.options.startTimeout)
        let start = ContinuousClock.now
        let watch = RepeatedWatch(
            kubectl: kubectl, command: kubectl.watchPods(of: job.name), purpose: "watch the sandbox's pod")
        while true {
            let left = seconds - start.duration(to: .now) / .seconds(1)
            let sighting = try await watch.first(within: left) { [image = job.container.image] pod -> Sighting? in
                guard let state = PodState(pod) else { return nil }
                seen.withLock { $0 = state }
                if let failure = state.failure(image: image) { throw failure }
                if state.waitsForStorage { return .waitingForStorage }
                return state.isReady ? .ready(state.name) : nil
            }
            switch sighting {
            case .ready(let name): return name
            case .waitingForStorage:
                if let holder = try await StorageHolder.find(for: job, by: kubectl) { throw holder.error }
                try await Task.sleep(for: .seconds(Self.storagePause))
            case nil: throw slow(seen.withLock { $0 })
            }
        }
    }

    /// Looks for the reason why the cluster creates no pod, such as a quota. An account that may not read events waits for
    /// the time limit.
    private func watchEvents(_ seen: Locked<PodState?>) async throws {
        try await Task.sleep(for: .seconds(Self.podPatience))
        guard seen.withLock({ $0 }) == nil else { return }
        let watch = JSONWatch(command: kubectl.watchEvents(about: job.name))
        _ = try await watch.first(within: Double(kubectl.options.startTimeout)) { event -> Bool? in
            guard event["reason"] == "FailedCreate", let message = event["message"]?.stringValue else { return nil }
            guard seen.withLock({ $0 }) == nil else { return true }
            throw KubectlFailure.creation(refused: message, namespace: kubectl.options.namespace)
        }
    }

    private func slow(_ state: PodState?) -> ExecError {
        let reason =
            state?.explanation
            ?? "No pod was created for the Job \(job.name): see `kubectl describe job` about it while another one starts."
        return ExecError(
            .engineFailed,
            """
            The sandbox's pod was not ready within \(kubectl.options.startTimeout) seconds (--start-timeout). \(reason)
            """)
    }
}
