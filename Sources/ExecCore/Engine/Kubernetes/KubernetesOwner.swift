import JSON
import SystemCalls

/// How a Job, or a claim of a pool, says which server it belongs to.
///
/// On one machine an ``Owner`` is told apart by the machine's id, but servers in pods, and machines that were copied, may
/// share that, and a cluster is shared by many of them. So the host is written with the host's name, and an owner that
/// was written under another name is never taken for one of this machine.
enum KubernetesOwner {
    private static let separator: Character = "@"

    /// The name of the machine or pod that this process runs on.
    static var instance: String {
        var buffer = [CChar](repeating: 0, count: 256)
        gethostname(&buffer, buffer.count - 1)
        let name = buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        return String(decoding: name, as: UTF8.self).filter { $0 != separator }
    }

    /// The value of a label's annotation.
    static func written(_ label: ContainerSpec.Pair, instance: String) -> String {
        label.name == Owner.hostLabel ? "\(label.value)\(separator)\(instance)" : label.value
    }

    /// The labels of a container's Job or claim, by which it is found.
    static func labels(of container: ContainerSpec) -> JSONObject {
        var labels = KubernetesPod.labels(of: container)
        for pair in container.labels { labels[pair.name] = .string(KubernetesName.labelValue(for: pair.value)) }
        return labels
    }

    /// The annotations with what the labels stand for.
    static func annotations(of container: ContainerSpec, instance: String) -> JSONObject {
        var annotations = JSONObject()
        for pair in container.labels { annotations[pair.name] = .string(written(pair, instance: instance)) }
        return annotations
    }

    /// The name of the machine in a host's annotation; `nil` if the annotation does not name one.
    static func machine(in value: String) -> String? {
        value.lastIndex(of: separator).map { String(value[value.index(after: $0)...]) }
    }

    /// The value of a label from its annotation. A host that was written on another machine stays as it is and equals no
    /// owner's.
    static func read(_ value: String, of label: String, instance: String) -> String {
        let end = "\(separator)\(instance)"
        guard label == Owner.hostLabel, value.hasSuffix(end) else { return value }
        return String(value.dropLast(end.count))
    }
}
