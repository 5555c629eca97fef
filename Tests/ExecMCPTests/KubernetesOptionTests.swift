import CommandOptions
import ExecCore
import TestSupport
import Testing

@testable import ExecMCP

@Suite struct KubernetesOptionTests {
    private static let cluster = ["--engine", "kubectl"]
    private static let place = try? TemporaryDirectory()
    private static let template = (try? place?.write("spec: {priorityClassName: low}", to: "pod.yaml")) ?? ""

    private static func good(
        _ flag: String, _ variable: String, _ value: String, with others: [String] = cluster,
        _ change: @escaping @Sendable (inout KubernetesOptions) -> Void = { _ in }
    ) -> OptionCase {
        OptionCase(flag, variable, value, with: others) { options in
            options.engine = "kubectl"
            options.configuration.workspace = .ephemeral
            options.configuration.provesNoNetwork = true
            change(&options.kubernetes)
        }
    }

    static let goodValues = [
        good("--kubernetes-context", "MCP_EXECUTOR_KUBERNETES_CONTEXT", "admin@lab:1") { $0.context = "admin@lab:1" },
        good("--kubernetes-namespace", "MCP_EXECUTOR_KUBERNETES_NAMESPACE", "lab-1") { $0.namespace = "lab-1" },
        good("--kubernetes-image-pull-secret", "MCP_EXECUTOR_KUBERNETES_IMAGE_PULL_SECRET", "a,b.c") {
            $0.imagePullSecrets = ["a", "b.c"]
        },
        OptionCase(
            "--kubernetes-storage-class", "MCP_EXECUTOR_KUBERNETES_STORAGE_CLASS", "fast.ssd", with: cluster
        ) { options in
            options.engine = "kubectl"
            options.configuration.provesNoNetwork = true
            options.kubernetes.storageClass = "fast.ssd"
        },
        good("--kubernetes-owner", "MCP_EXECUTOR_KUBERNETES_OWNER", "agent-1/6f1c-2a") {
            $0.owner = KubernetesOptions.OwnerPod("agent-1/6f1c-2a")
        },
        good("--kubernetes-warm-pool", "MCP_EXECUTOR_KUBERNETES_WARM_POOL", "ready.1") {
            $0.warmPool = "ready.1"
        },
        good("--pod-template", "MCP_EXECUTOR_POD_TEMPLATE", template) {
            $0.template = (try? PodTemplate("spec: {priorityClassName: low}")) ?? $0.template
        },
        OptionCase("--start-timeout", "MCP_EXECUTOR_START_TIMEOUT", "900", with: cluster) { options in
            options.engine = "kubectl"
            options.configuration.workspace = .ephemeral
            options.configuration.provesNoNetwork = true
            options.limits.startTimeout = 900
            options.kubernetes.startTimeout = 900
        },
        good("--engine", "MCP_EXECUTOR_ENGINE", "kubectl", with: []),
    ]

    private func refusal(_ arguments: [String]) -> String? {
        do throws(UsageError) {
            _ = try ServerOptionParser.parse(
                arguments, environment: [:], defaults: Options(), ancestors: { [] })
            return nil
        } catch {
            return error.message
        }
    }

    @Test(arguments: [
        ("--kubernetes-context", ["", "-x"]), ("--kubernetes-namespace", ["", "A", "a.b", "-a", "a_b"]),
        ("--kubernetes-image-pull-secret", ["", ",", "A", "a,,b", "a b"]),
        ("--kubernetes-storage-class", ["", "A", "a b"]),
        ("--kubernetes-warm-pool", ["", "A", "a b", "a/b"]),
        ("--kubernetes-owner", ["", "pod", "pod/", "/uid", "A/b", "a/b/c"]),
        ("--pod-template", ["", "/nonexistent", "/etc/passwd"]), ("--start-timeout", ["4", "86401", "1m"]),
    ])
    func refusesABadValue(flag: String, values: [String]) {
        for value in values {
            let message = refusal(Self.cluster + [flag, value])
            #expect(message?.hasPrefix("\(flag) does not accept '") == true, "\(value): \(message ?? "taken")")
        }
    }

    @Test func aProgramThatIsCalledKubectlIsACluster() {
        #expect(refusal(["--engine", "/usr/bin/kubectl", "--linger", "5"]) != nil)
        #expect(refusal(["--engine", "kubectl-like", "--linger", "5"]) == nil)
    }

    @Test(arguments: [
        ["--workspace", "persistent"], ["--workspace", "/usr/lib"], ["--network", "lab"], ["--linger", "5"],
        ["--runtime", "a/b"], ["--engine-location", "local"], ["--launcher", "srun"],
    ])
    func refusesWhatAClusterCannotDo(arguments: [String]) {
        #expect(refusal(Self.cluster + arguments) != nil)
        #expect(refusal(arguments) == nil)
    }

    @Test func aPoolRefusesWhatAClaimCannotAskFor() throws {
        let pool = Self.cluster + ["--kubernetes-warm-pool", "ready"]
        #expect(refusal(pool) == nil)
        #expect(refusal(pool + ["--kubernetes-storage-class", "fast"])?.contains("exclude each other") == true)
        #expect(refusal(pool + ["--pod-template", Self.template])?.contains("kubernetes manifest") == true)
        #expect(refusal(["--kubernetes-warm-pool", "ready"]) != nil)
        var defaults = Options()
        defaults.makesWarmPool = true
        defaults.configuration.skillStore = "/state"
        let invocation = try ServerOptionParser.parse(
            pool + ["--pod-template", Self.template], environment: [:], defaults: defaults)
        guard case .serve(let options) = invocation else { throw UsageError(message: "does not serve") }
        #expect(!options.makesWarmPool && options.configuration.skillStore == nil)
    }

    @Test func aNetworkThatIsAskedForIsNotDisproved() throws {
        let invocation = try ServerOptionParser.parse(
            Self.cluster + ["--network", "bridge"], environment: [:], defaults: Options())
        guard case .serve(let options) = invocation else { throw UsageError(message: "does not serve") }
        #expect(!options.configuration.provesNoNetwork)
    }
}
