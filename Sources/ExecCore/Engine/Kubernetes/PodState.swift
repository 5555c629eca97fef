import Diagnostics
import JSON

/// The state of a sandbox's pod while it starts, as the API server tells it.
struct PodState: Sendable, Equatable {
    private static let textLimit = 400

    /// The pod's name.
    let name: String
    /// Whether something can be attached to it.
    let isReady: Bool
    /// Whether it has ended or is being removed.
    let hasEnded: Bool
    /// Why its container waits, in one word.
    private let waitingReason: String?
    private let waitingMessage: String?
    /// Why no node takes it.
    private let schedulingMessage: String?
    private let endMessage: String?

    /// - Returns: `nil` if this is not a pod.
    init?(_ pod: JSON) {
        guard pod["kind"] == "Pod", let name = pod["metadata"]?["name"]?.stringValue, KubernetesName.isSubdomain(name)
        else { return nil }
        self.name = name
        let status = pod["status"]
        let conditions = status?["conditions"]?.arrayValue ?? []
        func condition(_ type: String) -> JSON? { conditions.first { $0["type"]?.stringValue == type } }
        let containers = status?["containerStatuses"]?.arrayValue ?? []
        let state = containers.first { $0["name"]?.stringValue == KubernetesPod.containerName }?["state"]
        let phase = status?["phase"]?.stringValue
        hasEnded = phase == "Failed" || phase == "Succeeded" || pod["metadata"]?["deletionTimestamp"] != nil
        isReady = condition("Ready")?["status"] == "True" && !hasEnded
        waitingReason = state?["waiting"]?["reason"]?.stringValue
        waitingMessage = state?["waiting"]?["message"]?.stringValue
        let scheduled = condition("PodScheduled")
        schedulingMessage = scheduled?["status"] == "False" ? scheduled?["message"]?.stringValue : nil
        let end = state?["terminated"]
        endMessage = [
            status?["reason"], status?["message"], end?["reason"], end?["message"],
            end?["exitCode"]?.integerValue.map { JSON.string("exit status \($0)") },
        ].compactMap { $0?.stringValue }.first { !$0.isEmpty }
    }

    /// Whether no node takes it because another pod has its storage.
    var waitsForStorage: Bool { schedulingMessage?.contains("ReadWriteOncePod") == true }

    /// What keeps it from ever starting; `nil` if it may still start.
    func failure(image: String) -> ExecError? {
        if hasEnded {
            return ExecError(
                .engineFailed,
                """
                The sandbox's pod ended before it was ready (\(Self.line(endMessage ?? "without a reason"))). Does the \
                image \(image) have a python3, and may its processes run without root?
                """)
        }
        switch waitingReason {
        case "ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName":
            return ExecError(
                .imageMissing,
                """
                The cluster cannot pull the image \(image) (\(Self.line(waitingMessage ?? waitingReason ?? ""))). Push the \
                image to a registry that the nodes can reach and name it with --image; if the registry asks for a \
                password, name a secret with --kubernetes-image-pull-secret.
                """)
        case "CreateContainerConfigError", "CreateContainerError", "RunContainerError":
            return ExecError(
                .engineFailed,
                """
                The node cannot start the sandbox's container: \(Self.line(waitingMessage ?? waitingReason ?? "")). Its \
                administrator can tell more.
                """)
        default: return nil
        }
    }

    /// Why it isn't ready yet, as a sentence for somebody who has waited long.
    var explanation: String {
        if let schedulingMessage {
            return """
                No node takes the sandbox's pod: \(Self.line(schedulingMessage)). Ask for less with --memory and --cpus, \
                correct --pod-template, or add nodes.
                """
        }
        if let waitingReason {
            return "Its container waits (\(Self.line([waitingReason, waitingMessage ?? ""].joined(separator: " "))))."
        }
        return "The pod \(name) has not started its container."
    }

    private static func line(_ text: String) -> String {
        text.singleLine(limit: textLimit).trimmingBlanksAndStops
    }
}

extension String {
    /// The text without blanks and full stops at its end, to be part of a sentence.
    var trimmingBlanksAndStops: String {
        var text = Substring(self)
        while let last = text.last, last.isWhitespace || last == "." { text = text.dropLast() }
        return String(text.drop { $0.isWhitespace })
    }
}
