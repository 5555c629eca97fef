import Foundation
import JSON
import Testing

@testable import ExecCore

@Suite struct KubernetesClaimTests {
    private let owner = Owner.current()

    private func job(
        of user: String = "ada", workspace: SandboxConfiguration.Workspace = .persistent, storageClass: String? = "fast"
    ) throws -> KubernetesJob {
        var configuration = SandboxConfiguration()
        configuration.workspace = workspace
        let user = try #require(UserID(user))
        let container = SandboxSpec(
            name: SandboxSpec.newName(for: user), user: user, owner: owner, account: .common,
            configuration: configuration, limits: Limits()
        ).container
        var options = KubernetesOptions()
        options.storageClass = storageClass
        return KubernetesJob(
            container: container, options: options, files: KubernetesFiles(),
            claim: try KubernetesClaim(container, options: options), instance: "here")
    }

    @Test func aUserHasOneForAllDirectories() throws {
        let claim = try #require(try job().claim)
        #expect(claim.mounts.map { $0["mountPath"] } == ["/workspace", "/artifacts"])
        #expect(claim.mounts.map { $0["subPath"] } == ["workspace", "artifacts"])
        #expect(claim.json["spec"]?["accessModes"] == ["ReadWriteOncePod"])
        #expect(try job().claim?.name == claim.name)
        #expect(try job(of: "bob").claim?.name != claim.name)
        #expect(KubernetesName.isLabel(claim.name))
    }

    @Test func itsNameIsThatOfTheVolumesThatAreRemoved() throws {
        let user = try #require(UserID("ada"))
        let names = SandboxSpec.volumes(of: user, in: SandboxConfiguration()).map(KubernetesName.claim)
        #expect(names.contains(try #require(try job().claim).name))
    }

    @Test func aWorkspaceInMemoryNeedsNone() throws {
        #expect(try job(workspace: .ephemeral).claim == nil)
    }

    @Test func withoutAClassItIsRefused() {
        #expect(throws: ExecError.self) { try job(storageClass: nil) }
    }

    // Who has the storage

    /// A list with a pod that has the storage of `job`.
    private func list(
        of job: KubernetesJob, owner: Owner, on machine: String = "here",
        _ change: (inout JSONObject) -> Void = { _ in }
    ) -> JSON {
        var annotations = JSONObject()
        for label in owner.labels {
            let pair = ContainerSpec.Pair(name: label.name, value: label.value)
            annotations[label.name] = .string(KubernetesOwner.written(pair, instance: machine))
        }
        var pod: JSONObject = [
            "kind": "Pod",
            "metadata": [
                "name": "exec-mcp-other", "labels": ["job-name": "other"], "annotations": .object(annotations),
            ],
            "spec": ["volumes": .array([job.claim?.volume ?? .null])],
            "status": ["phase": "Running"],
        ]
        change(&pod)
        return ["items": [.object(pod)]]
    }

    private var living: Owner {
        // This process's parent.
        Owner(
            host: owner.host, boot: owner.boot, pidNamespace: owner.pidNamespace, pid: getppid(),
            startTime: Owner.startTime(of: getppid()) ?? "")
    }

    @Test func isNamedIfItsServerLives() throws {
        let job = try job()
        let holder = StorageHolder.find(in: list(of: job, owner: living), for: job, observer: owner)
        #expect(holder == StorageHolder(pod: "exec-mcp-other", machine: "here"))
        #expect(holder?.error.code == .busy)
        #expect(holder?.error.message.contains("in use by the pod exec-mcp-other") == true)
        let far = StorageHolder.find(in: list(of: job, owner: living, on: "far"), for: job, observer: owner)
        #expect(far?.machine == "far")
    }

    @Test func isWaitedForIfItIsOursOrItsServerIsDead() throws {
        let job = try job()
        #expect(StorageHolder.find(in: list(of: job, owner: owner), for: job, observer: owner) == nil)
        let dead = Owner(
            host: owner.host, boot: "another", pidNamespace: owner.pidNamespace, pid: 1, startTime: owner.startTime)
        #expect(StorageHolder.find(in: list(of: job, owner: dead), for: job, observer: owner) == nil)
    }

    @Test func podsThatHaveEndedOrHaveOtherStorageDoNotCount() throws {
        let job = try job()
        let ended = list(of: job, owner: living) { $0["status"] = ["phase": "Succeeded"] }
        #expect(StorageHolder.find(in: ended, for: job, observer: owner) == nil)
        let other = list(of: job, owner: living) { $0["spec"] = ["volumes": [["name": "tmp", "emptyDir": [:]]]] }
        #expect(StorageHolder.find(in: other, for: job, observer: owner) == nil)
        #expect(StorageHolder.find(in: ["items": ["text", nil]], for: job, observer: owner) == nil)
    }
}
