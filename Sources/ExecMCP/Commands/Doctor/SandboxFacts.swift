import EmbeddedFiles
import ExecCore
import JSON

/// What code in the sandbox sees and may do, as reported by `probe.py`. The report is untrusted: an image can make it
/// lie, but only to the disadvantage of itself or its owner.
struct SandboxFacts: Sendable {
    private let answer: JSON

    /// - Returns: `nil` if the output isn't an answer of the probe.
    init?(output: String) {
        guard let answer = try? JSON.parse(Array(output.utf8)), answer["uid"]?.integerValue != nil else { return nil }
        self.answer = answer
    }

    /// The program that collects the facts.
    static var probe: String { SeenLimits.program + "\n" + EmbeddedFiles.commandPrograms["probe.py"] }

    var python: String { answer["python"]?.stringValue ?? "?" }
    /// Whether `python3` is the launcher that `--python instant` needs.
    var hasLauncher: Bool { answer["launcher"] == true }
    var bash: String { answer["bash"]?.stringValue ?? "?" }
    var uid: Int { answer["uid"]?.integerValue ?? 0 }
    var capabilities: String? { answer["capabilities"]?.stringValue }
    var noNewPrivileges: String? { answer["no_new_privileges"]?.stringValue }
    var seccomp: String? { answer["seccomp"]?.stringValue }
    /// The name of the sandbox's own kernel; `nil` if it uses the machine's kernel, as far as code inside can tell.
    var ownKernel: String? { answer["own_kernel"]?.stringValue }
    var rootIsReadOnly: Bool { answer["read_only_root"] == true }
    var process1IsOpen: Bool { answer["process_1_open"] != false }
    var engineSockets: [String] { answer["sockets"]?.arrayValue?.compactMap(\.stringValue) ?? ["?"] }
    /// The network interfaces that are up; `nil` if that can't be determined.
    var interfaces: [String]? { answer["interfaces"]?.arrayValue?.compactMap(\.stringValue) }
    /// A file that the sandbox's user may not read.
    var unreadableSkill: String? { answer["unreadable_skill"]?.stringValue }
    var unreadableTool: String? { answer["unreadable_tool"]?.stringValue }

    /// The limits of the control group.
    var limits: SeenLimits { SeenLimits(answer["limits"]) }

    /// Returns the number of free bytes in a directory of the sandbox, or the reason why it isn't writable.
    func directory(_ name: String) -> (free: Int?, reason: String?) {
        guard answer[name]?["writable"] == true else { return (nil, answer[name]?["reason"]?.stringValue ?? "?") }
        return (answer[name]?["free"]?.integerValue, nil)
    }
}
