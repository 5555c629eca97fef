import Diagnostics
import JSON

/// Compares a pod that others have made with the one that we would have written (``KubernetesPod``).
///
/// Whatever we write must be there as we would have written it. What we don't write may be there only if it is known to
/// weaken nothing: where and when a pod is scheduled, and what the API server fills in.
struct PodComparison {
    /// A field that isn't what it has to be.
    struct Difference: Sendable, Equatable {
        /// The field, such as `spec.hostNetwork`.
        let field: String
        /// Its value in the pod, for display; `nil` if it must not be shown.
        let found: String?
        /// The value that it should have; likewise.
        let wanted: String?

        /// The difference as a clause.
        var description: String {
            guard let found, let wanted else { return "\(field) is not what it should be" }
            return "\(field) is \(found) and should be \(wanted)"
        }
    }

    private static let textLimit = 80
    /// The placeholder of an index in a pattern.
    private static let anyItem = "[]"

    /// The specification that the pod should have.
    let spec: JSON

    /// Returns the first field that differs; `nil` if none does.
    ///
    /// - Parameter pod: the pod as the API server tells it.
    func difference(in pod: JSON) -> Difference? {
        Self.difference(pod["spec"], spec, at: "spec", pattern: "spec")
    }

    // MARK: - What may differ

    /// Fields that the API server leaves out if they are false, which is their default.
    private static let usuallyFalse: Set<String> = [
        "spec.hostNetwork", "spec.hostPID", "spec.hostIPC", "spec.containers[].tty",
        "spec.containers[].securityContext.privileged",
    ]

    /// Fields with amounts.
    private static let amounts: Set<String> = Set(
        ["limits", "requests"].flatMap { kind in
            ["memory", "cpu", "ephemeral-storage"].map { "spec.containers[].resources.\(kind).\($0)" }
        } + ["spec.volumes[].emptyDir.sizeLimit"])

    /// Fields that weaken nothing, whatever they are.
    private static let harmless: Set<String> = Set(
        [
            "nodeName", "nodeSelector", "tolerations", "affinity", "topologySpreadConstraints", "schedulerName",
            "schedulingGates", "priority", "priorityClassName", "preemptionPolicy", "overhead", "imagePullSecrets",
            "activeDeadlineSeconds", "terminationGracePeriodSeconds",
            // Without its token, which is compared, an account is a name.
            "serviceAccount", "serviceAccountName",
            "securityContext.fsGroupChangePolicy",
            "containers[].imagePullPolicy", "containers[].terminationMessagePath",
            "containers[].terminationMessagePolicy", "containers[].resizePolicy",
            "containers[].volumeMounts[].recursiveReadOnly",
        ].map { "spec.\($0)" })

    /// Fields that we don't write and the values with which they weaken nothing.
    private static let allowed: [String: [JSON]] = [
        "spec.hostUsers": [false],
        "spec.securityContext.appArmorProfile": [["type": "RuntimeDefault"]],
        "spec.containers[].securityContext.appArmorProfile": [["type": "RuntimeDefault"]],
        "spec.containers[].securityContext.procMount": ["Default"],
        "spec.containers[].volumeMounts[].mountPropagation": ["None"],
    ]

    /// Fields that an administrator may set if the server doesn't ask for a value.
    private static let optional: Set<String> = ["spec.runtimeClassName"]

    /// Fields whose values may be secrets.
    private static let secret = "spec.containers[].env"

    // MARK: - The comparison

    private static func difference(
        _ found: JSON?, _ wanted: JSON?, at field: String, pattern: String
    ) -> Difference? {
        guard !isFine(found, wanted, pattern) else { return nil }
        switch (found, wanted) {
        case (.object(let found)?, .object(let wanted)?):
            for name in wanted.keys + found.keys.filter({ wanted[$0] == nil }) {
                let difference = difference(
                    found[name], wanted[name], at: "\(field).\(name)", pattern: "\(pattern).\(name)")
                if let difference { return difference }
            }
            return nil
        case (.array(let found)?, .array(let wanted)?):
            for place in 0..<max(found.count, wanted.count) {
                let difference = difference(
                    place < found.count ? found[place] : nil, place < wanted.count ? wanted[place] : nil,
                    at: "\(field)[\(place)]", pattern: pattern + anyItem)
                if let difference { return difference }
            }
            return nil
        default:
            let isSecret = pattern.hasPrefix(secret)
            return Difference(
                field: field, found: isSecret ? nil : shown(found), wanted: isSecret ? nil : shown(wanted))
        }
    }

    private static func isFine(_ found: JSON?, _ wanted: JSON?, _ pattern: String) -> Bool {
        if found == wanted || harmless.contains(pattern) { return true }
        if usuallyFalse.contains(pattern) { return found ?? false == wanted ?? false }
        if wanted == nil, let found {
            return optional.contains(pattern) || allowed[pattern]?.contains(found) == true
        }
        // The API server leaves an empty value out.
        if pattern == "\(secret)[].value" { return found ?? "" == wanted }
        guard amounts.contains(pattern), let found = found?.stringValue.flatMap(KubernetesQuantity.init) else {
            return false
        }
        return found == wanted?.stringValue.flatMap(KubernetesQuantity.init)
    }

    private static func shown(_ value: JSON?) -> String {
        value?.text.singleLine(limit: textLimit) ?? "not set"
    }
}
