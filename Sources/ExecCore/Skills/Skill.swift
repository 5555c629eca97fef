public import JSON

/// Know-how that an agent reads when it needs it: a directory with a `SKILL.md` (the Agent Skills format).
public struct Skill: Sendable, Equatable {
    /// What it is called, by its front matter or, where that is silent, its directory.
    public let name: String
    /// When to use it, in a sentence or two.
    public let description: String
    /// Name of its directory.
    public let directoryName: String
    /// Name of its file: `SKILL.md`, `Skill.md` or `skill.md`.
    public let fileName: String
    /// Path of its directory on the host.
    public let hostDirectory: String
    /// The whole front matter.
    public let metadata: JSONObject

    /// Where code in the sandbox reads it.
    public var sandboxPath: String { "/skills/\(directoryName)/\(fileName)" }
}

/// Something about a skill that its author may want to mend.
public struct SkillDiagnostic: Sendable, Equatable, CustomStringConvertible {
    /// Path of the file.
    public let file: String
    /// The line, from 1; `nil` where it is about the whole file.
    public let line: Int?
    /// What is wrong.
    public let message: String
    /// Whether the skill had to be left out.
    public let isFatal: Bool

    /// `FILE:LINE: MESSAGE`.
    public var description: String {
        "\(file):\(line.map { "\($0):" } ?? "") \(message)\(isFatal ? "; the skill is left out" : "")"
    }
}
