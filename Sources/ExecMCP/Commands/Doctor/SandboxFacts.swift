import JSON

/// What code in the sandbox sees and may do, as `probe.py` says it. The sandbox's word: an image may have it lie, but
/// only to its own disadvantage or its owner's.
struct SandboxFacts: Sendable {
    private let answer: JSON

    /// - Returns: `nil` where the output is no answer of the probe.
    init?(output: String) {
        guard let answer = try? JSON.parse(Array(output.utf8)), answer["uid"]?.integerValue != nil else { return nil }
        self.answer = answer
    }

    /// The program that gathers them.
    static var probe: String { String(decoding: PackageResources.probe_py, as: UTF8.self) }

    var python: String { answer["python"]?.stringValue ?? "?" }
    var bash: String { answer["bash"]?.stringValue ?? "?" }
    var uid: Int { answer["uid"]?.integerValue ?? 0 }
    var capabilities: String? { answer["capabilities"]?.stringValue }
    var noNewPrivileges: String? { answer["no_new_privileges"]?.stringValue }
    var seccomp: String? { answer["seccomp"]?.stringValue }
    var rootIsReadOnly: Bool { answer["read_only_root"] == true }
    var process1IsOpen: Bool { answer["process_1_open"] != false }
    var engineSockets: [String] { answer["sockets"]?.arrayValue?.compactMap(\.stringValue) ?? ["?"] }
    /// The interfaces that are up; `nil` where that cannot be seen.
    var interfaces: [String]? { answer["interfaces"]?.arrayValue?.compactMap(\.stringValue) }
    /// A file that the sandbox's user may not read.
    var unreadableSkill: String? { answer["unreadable_skill"]?.stringValue }
    var unreadableTool: String? { answer["unreadable_tool"]?.stringValue }

    /// A limit of the control group: `nil` where it cannot be seen, -1 where there is none.
    func limit(_ name: String) -> Double? { answer["limits"]?[name]?.numberValue }

    /// Bytes that are free in a directory of the sandbox, or why it cannot be written.
    func directory(_ name: String) -> (free: Int?, reason: String?) {
        guard answer[name]?["writable"] == true else { return (nil, answer[name]?["reason"]?.stringValue ?? "?") }
        return (answer[name]?["free"]?.integerValue, nil)
    }
}
