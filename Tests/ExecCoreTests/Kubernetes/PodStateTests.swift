import JSON
import Testing

@testable import ExecCore

@Suite struct PodStateTests {
    private func pod(_ status: JSON, deleted: Bool = false) -> PodState? {
        var metadata: JSONObject = ["name": "exec-mcp-1"]
        if deleted { metadata["deletionTimestamp"] = "2026-01-01T00:00:00Z" }
        return PodState(["kind": "Pod", "metadata": .object(metadata), "status": status])
    }

    private func waiting(_ reason: String, _ message: String) -> JSON {
        [
            "phase": "Pending",
            "containerStatuses": [
                ["name": "sandbox", "state": ["waiting": ["reason": .string(reason), "message": .string(message)]]]
            ],
        ]
    }

    @Test func isReadyWhenItsConditionSaysSo() throws {
        let ready: JSON = ["phase": "Running", "conditions": [["type": "Ready", "status": "True"]]]
        #expect(pod(ready)?.isReady == true)
        #expect(pod(ready)?.failure(image: "i") == nil)
        #expect(pod(ready, deleted: true)?.isReady == false)
        #expect(pod(["phase": "Running"])?.isReady == false)
        #expect(pod(["phase": "Succeeded", "conditions": [["type": "Ready", "status": "True"]]])?.isReady == false)
    }

    @Test(arguments: ["ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName"])
    func anImageThatCannotBePulledIsAFailure(reason: String) throws {
        let failure = try #require(pod(waiting(reason, "manifest unknown."))?.failure(image: "registry/x:1"))
        #expect(failure.code == .imageMissing)
        #expect(failure.message.contains("cannot pull the image registry/x:1 (manifest unknown)."))
    }

    @Test(arguments: ["ContainerCreating", "PodInitializing", "ErrImagePull"])
    func whatMayStillStartIsNoFailure(reason: String) {
        #expect(pod(waiting(reason, ""))?.failure(image: "i") == nil)
    }

    @Test func anEndBeforeItWasReadyIsAFailureWithItsReason() throws {
        let ended: JSON = [
            "phase": "Failed",
            "containerStatuses": [
                ["name": "sandbox", "state": ["terminated": ["exitCode": 128, "reason": "StartError"]]]
            ],
        ]
        #expect(try #require(pod(ended)?.failure(image: "i")).message.contains("(StartError)"))
        let evicted = try #require(pod(["phase": "Failed", "reason": "Evicted"])?.failure(image: "i"))
        #expect(evicted.message.contains("(Evicted)"))
    }

    @Test func explainsWhyNoNodeTakesIt() {
        let status: JSON = [
            "phase": "Pending",
            "conditions": [["type": "PodScheduled", "status": "False", "message": "0/3 nodes are available."]],
        ]
        #expect(pod(status)?.explanation.hasPrefix("No node takes the sandbox's pod: 0/3 nodes are available.") == true)
    }

    @Test func whatIsNotAPodIsRejected() {
        #expect(PodState(["kind": "Status"]) == nil)
        #expect(PodState(["kind": "Pod", "metadata": ["name": "a b"]]) == nil)
        #expect(PodState("text") == nil)
    }
}
