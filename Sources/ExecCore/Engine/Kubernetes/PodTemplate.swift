import JSON
import YAML

/// What an administrator adds to every sandbox's pod: where it may run, and nothing that could weaken it.
public struct PodTemplate: Sendable, Equatable {
    /// Maximum size of a template's text, in bytes.
    public static let maxSize = 65_536

    /// The pod's additional labels.
    let labels: JSONObject
    /// The allowed members of the pod's `spec`.
    let spec: JSONObject

    /// A template that adds nothing.
    public init() {
        labels = JSONObject()
        spec = JSONObject()
    }

    /// Parses a pod in YAML or JSON that has allowed fields only.
    ///
    /// - Throws: ``PodTemplateError`` with the name of a field that isn't allowed or not valid.
    public init(_ text: String) throws(PodTemplateError) {
        let parsed: JSON
        do {
            parsed = try YAML.parse(text)
        } catch {
            throw PodTemplateError(reason: "it is not valid YAML: \(error)")
        }
        try self.init(parsed)
    }

    init(_ pod: JSON) throws(PodTemplateError) {
        let pod = try Self.object(pod, "the file")
        try Self.check(pod, allowed: ["apiVersion", "kind", "metadata", "spec"], at: "")
        for (field, value) in [("apiVersion", "v1"), ("kind", "Pod")] {
            guard let given = pod[field], given != .string(value) else { continue }
            throw PodTemplateError(reason: "\(field) must be \(value)")
        }
        let metadata = try Self.object(pod["metadata"] ?? [:], "metadata")
        try Self.check(metadata, allowed: ["labels"], at: "metadata.")
        labels = try Self.strings(metadata["labels"] ?? [:], "metadata.labels")
        for name in labels.keys where Self.reserved.contains(where: name.hasPrefix) {
            throw PodTemplateError(reason: "metadata.labels may not have \(name), which marks sandboxes or their Jobs")
        }
        spec = try Self.object(pod["spec"] ?? [:], "spec")
        try Self.check(spec, allowed: Self.kinds.map(\.field), at: "spec.")
        for (field, kind) in Self.kinds {
            if let value = spec[field] { try kind.check(value, "spec.\(field)") }
        }
    }

    /// The fields of the `spec` that are allowed. All of them say where a pod may run, or give it less.
    private static let kinds: [(field: String, kind: Kind)] = [
        ("nodeSelector", .strings), ("tolerations", .objects), ("affinity", .object),
        ("topologySpreadConstraints", .objects), ("priorityClassName", .name), ("runtimeClassName", .name),
        ("imagePullSecrets", .objects), ("hostUsers", .no),
    ]

    /// The beginnings of labels that policies, Jobs and servers go by.
    private static let reserved = [
        Owner.prefix, "app.kubernetes.io/managed-by", "app.kubernetes.io/component", "batch.kubernetes.io/", "job-name",
        "controller-uid",
    ]

    private enum Kind {
        case strings, objects, object, name, no

        func check(_ value: JSON, _ path: String) throws(PodTemplateError) {
            let problem: String? =
                switch self {
                case .strings: Self.isMapOfStrings(value) ? nil : "a map of strings"
                case .objects: Self.isListOfMaps(value) ? nil : "a list of maps"
                case .object: value.objectValue != nil ? nil : "a map"
                case .name: value.stringValue.map(KubernetesName.isSubdomain) == true ? nil : "a name"
                case .no: value == false ? nil : "false"
                }
            if let problem { throw PodTemplateError(reason: "\(path) must be \(problem)") }
        }

        private static func isMapOfStrings(_ value: JSON) -> Bool {
            value.objectValue.map { object in object.allSatisfy { $0.value.stringValue != nil } } ?? false
        }

        private static func isListOfMaps(_ value: JSON) -> Bool {
            value.arrayValue.map { list in list.allSatisfy { $0.objectValue != nil } } ?? false
        }
    }

    private static func check(_ object: JSONObject, allowed: [String], at place: String) throws(PodTemplateError) {
        guard let field = object.keys.first(where: { !allowed.contains($0) }) else { return }
        let owner = place.isEmpty ? "a template" : String(place.dropLast())
        throw PodTemplateError(
            reason: "\(place)\(field) is not allowed: \(owner) has only \(allowed.joined(separator: ", "))")
    }

    private static func object(_ value: JSON, _ path: String) throws(PodTemplateError) -> JSONObject {
        guard let object = value.objectValue else { throw PodTemplateError(reason: "\(path) must be a map") }
        return object
    }

    private static func strings(_ value: JSON, _ path: String) throws(PodTemplateError) -> JSONObject {
        try Kind.strings.check(value, path)
        return value.objectValue ?? JSONObject()
    }
}

/// Why a file can't be a ``PodTemplate``.
public struct PodTemplateError: Error, Sendable, Equatable {
    /// The fault, as a clause.
    public let reason: String
}
