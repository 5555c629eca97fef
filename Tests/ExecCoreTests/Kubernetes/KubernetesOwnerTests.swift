import JSON
import Testing

@testable import ExecCore

@Suite struct KubernetesOwnerTests {
    private let owner = Owner.current()

    /// Jobs as a server on the machine `instance` writes them, and how one on `reader` lists them.
    private func listed(writtenOn instance: String, readOn reader: String) -> [LabelledContainer] {
        var annotations = JSONObject()
        for label in owner.labels {
            let pair = ContainerSpec.Pair(name: label.name, value: label.value)
            annotations[label.name] = .string(KubernetesOwner.written(pair, instance: instance))
        }
        let name = KubernetesName.job(of: "mcp-executor-ada-1")
        let job: JSON = ["metadata": ["name": .string(name), "annotations": .object(annotations)]]
        return KubernetesEngine.containers(in: ["items": [job]], values: Owner.labelNames, instance: reader)
    }

    @Test func isReadBackOnTheSameMachine() throws {
        let container = try #require(listed(writtenOn: "one", readOn: "one").first)
        #expect(Owner(labelValues: container.values) == owner)
    }

    @Test func isNeverDeadForAnotherMachineWithTheSameId() throws {
        let container = try #require(listed(writtenOn: "one", readOn: "two").first)
        var other = try #require(Owner(labelValues: container.values))
        other = Owner(host: other.host, boot: "another", pidNamespace: other.pidNamespace, pid: .max, startTime: "1")
        #expect(!other.isDead(seenBy: owner))
    }

    @Test func jobsOfOthersAndThoseBeingDeletedAreNotListed() {
        let jobs: JSON = [
            "items": [
                ["metadata": ["name": "exec-mcp-backup"]],
                [
                    "metadata": [
                        "name": .string(KubernetesName.job(of: "a")), "deletionTimestamp": "2026-01-01T00:00:00Z",
                    ]
                ],
                ["metadata": ["name": .string(KubernetesName.job(of: "b"))]], "text",
            ]
        ]
        let listed = KubernetesEngine.containers(in: jobs, values: [Owner.markLabel], instance: "one")
        #expect(listed == [LabelledContainer(id: KubernetesName.job(of: "b"), values: [""])])
    }
}
