import JSON
import TestSupport
import Testing

@testable import ExecCore

@Suite struct WarmPoolTests {
    private func container(
        of user: String = "ada", tools: String? = nil, account: Account = .common
    ) throws -> ContainerSpec {
        var configuration = SandboxConfiguration()
        configuration.workspace = .ephemeral
        configuration.toolsDirectory = tools
        let user = try #require(UserID(user))
        return SandboxSpec(
            name: SandboxSpec.newName(for: user), user: user, owner: .current(), account: account,
            configuration: configuration, limits: Limits()
        ).container
    }

    private func pool(
        _ name: String = "ready", for container: ContainerSpec, owner: String? = nil
    ) throws -> WarmPool {
        var options = KubernetesOptions()
        options.warmPool = name
        options.owner = owner.flatMap(KubernetesOptions.OwnerPod.init)
        return try WarmPool(name, for: container, options: options)
    }

    @Test func whatItsPodsAreDependsOnNoUserAndNoServer() throws {
        let directory = try TemporaryDirectory()
        try directory.write("print(1)\n", to: "a.py")
        let one = try pool(for: container(tools: directory.path))
        let other = try pool(
            for: container(of: "bob", tools: directory.path, account: Account(user: 1, group: 1)), owner: "agent-0/uid")
        #expect(one.pod.spec == other.pod.spec)
        #expect(one.objects(size: 1) == other.objects(size: 1))
        #expect(one.pod.files.maps.count == 1)
        try directory.write("print(2)\n", to: "a.py")
        #expect(try pool(for: container(tools: directory.path)).pod.spec != one.pod.spec)
    }

    @Test func serversDoNotRemoveItsFilesAndNoPodOwnsThem() throws {
        let directory = try TemporaryDirectory()
        try directory.write("print(1)\n", to: "a.py")
        let map = try #require(
            try pool(for: container(tools: directory.path), owner: "agent-0/uid").pod.files.maps.first)
        let metadata = try #require(map.json["metadata"])
        #expect(metadata["labels"]?["app.kubernetes.io/component"] == "pool-files")
        #expect(metadata["ownerReferences"] == nil)
    }

    @Test func itsAccountIsItsOwn() throws {
        let account = Account(ofPool: "ready")
        #expect(account.user >= Account.lowest)
        #expect(account != Account(ofPool: "other"))
        #expect(account != Account(of: try #require(UserID("ready"))))
        let security = try pool(for: container()).pod.spec["securityContext"]
        #expect(security?["runAsUser"] == .integer(Int(account.user)))
    }

    @Test func itsGuestsWaitAsLongAsThePoolKeepsThem() throws {
        let command = try pool(for: container()).pod.spec["containers"]?.arrayValue?.first?["command"]?.arrayValue
        #expect(command == (["python3"] + GuestProgram.patientArguments).map(JSON.string))
        #expect(GuestProgram.interpreterArguments.last?.contains("select.select([0],[],[],60)") == true)
        #expect(GuestProgram.patientArguments.last?.contains("select") == false)
        #expect(GuestProgram.patientArguments.dropLast() == GuestProgram.interpreterArguments.dropLast())
    }

    // Which pods are accepted

    private func pod(of pool: WarmPool, owner: JSON) -> JSON {
        [
            "kind": "Pod", "metadata": ["name": "ready-1", "ownerReferences": [owner]], "spec": pool.pod.spec,
        ]
    }

    @Test func aPodOfTheSandboxIsAccepted() throws {
        let pool = try pool(for: container())
        let owner: JSON = [
            "apiVersion": "agents.x-k8s.io/v1beta1", "kind": "Sandbox", "name": "ready-1", "controller": true,
        ]
        #expect(throws: Never.self) { try pool.check(pod(of: pool, owner: owner), of: "ready-1") }
    }

    private static let strangers: [JSON] = [
        ["apiVersion": "agents.x-k8s.io/v1beta1", "kind": "Sandbox", "name": "other", "controller": true],
        ["apiVersion": "agents.x-k8s.io/v1beta1", "kind": "Sandbox", "name": "ready-1"],
        ["apiVersion": "apps/v1", "kind": "Sandbox", "name": "ready-1", "controller": true],
        ["apiVersion": "agents.x-k8s.io/v1beta1", "kind": "Pod", "name": "ready-1", "controller": true],
        nil,
    ]

    @Test(arguments: strangers)
    func aPodOfSomethingElseIsRefused(owner: JSON) throws {
        let pool = try pool(for: container())
        let error = #expect(throws: ExecError.self) { try pool.check(pod(of: pool, owner: owner), of: "ready-1") }
        #expect(error?.message.contains("does not belong to the pool ready") == true)
    }

    // Claims

    private func claim() throws -> WarmPoolClaim {
        var options = KubernetesOptions()
        options.startTimeout = 100
        return WarmPoolClaim(container: try container(), options: options, pool: "ready", instance: "here")
    }

    @Test func aClaimExpiresSoonUnlessItIsUsed() throws {
        let claim = try claim().json(at: 1_700_000_000)
        #expect(claim["spec"]?["lifecycle"]?["shutdownTime"] == "2023-11-14T22:20:00Z")
        #expect(claim["spec"]?["lifecycle"]?["shutdownPolicy"] == "Delete")
        #expect(claim["spec"]?.objectValue?.keys == ["warmPoolRef", "lifecycle"])
        let renewal = WarmPoolClaim.renewal(at: 1_700_000_000)
        #expect(renewal == ["spec": ["lifecycle": ["shutdownTime": "2023-11-15T22:13:20Z"]]])
    }

    @Test func aClaimIsFoundLikeAJob() throws {
        let claim = try claim()
        let list: JSON = ["items": [claim.json(at: 0)]]
        let found = KubernetesEngine.containers(in: list, values: Owner.labelNames, instance: "here")
        #expect(found.map(\.id) == [claim.name])
        #expect(found.first.flatMap { Owner(labelValues: $0.values) } == .current())
    }

    private func state(_ reason: String, _ message: String = "", ready: Bool = false, sandbox: String? = nil) throws
        -> WarmPoolClaimState
    {
        try #require(
            WarmPoolClaimState([
                "kind": "SandboxClaim",
                "status": [
                    "sandbox": sandbox.map { ["name": .string($0)] } ?? [:],
                    "conditions": [
                        [
                            "type": "Ready", "status": ready ? "True" : "False", "reason": .string(reason),
                            "message": .string(message),
                        ]
                    ],
                ],
            ]))
    }

    @Test func aClaimIsReadyWithThePodOfItsSandbox() throws {
        let ready = try state("DependenciesReady", ready: true, sandbox: "ready-1")
        #expect(ready.isReady && ready.sandbox == "ready-1")
        #expect(try !state("DependenciesReady", ready: true).isReady)
        #expect(try !state("DependenciesReady", ready: true, sandbox: "a b").isReady)
        #expect(WarmPoolClaimState(["kind": "Status"]) == nil)
    }

    @Test(arguments: [
        ("WarmPoolNotFound", "has no pool ready"), ("TemplateNotFound", "has no template"),
        ("ClaimExpired", "the clock of this machine"), ("PodFailed", "ended before it was used"),
        ("InvalidMetadata", "rejects the claim"),
    ])
    func whatCannotBecomeReadyIsExplained(reason: String, words: String) throws {
        let failure = try state(reason).failure(pool: "ready", KubernetesOptions())
        #expect(failure?.message.contains(words) == true)
    }

    @Test(arguments: ["DependenciesNotReady", "SandboxMissing", "ReconcilerError", "AdoptionConflict"])
    func whatMayBecomeReadyIsWaitedFor(reason: String) throws {
        #expect(try state(reason).failure(pool: "ready", KubernetesOptions()) == nil)
    }

    @Test func aQuotaIsExplainedAtOnce() throws {
        let message = "Error seen: pods \"x\" is forbidden: exceeded quota: sandboxes"
        let failure = try state("ReconcilerError", message).failure(pool: "ready", KubernetesOptions())
        #expect(failure?.message.contains("quota of the namespace") == true)
    }
}
