public import JSON

/// Instructions that an agent reads when it needs them: a directory with a `SKILL.md` (the Agent Skills format).
public struct Skill: Sendable, Equatable {
    /// Its name from the front matter, or its directory's name if the front matter has none.
    public let name: String
    /// When to use it, in one or two sentences.
    public let description: String
    /// The name of its directory.
    public let directoryName: String
    /// The name of its main file: `SKILL.md`, `Skill.md` or `skill.md`.
    public let fileName: String
    /// The path of its directory on the host.
    public let hostDirectory: String
    /// The complete front matter.
    public let metadata: JSONObject
    /// Where it comes from if an agent wrote it and a person approved it; `nil` for an installed skill.
    public var provenance: SkillVersion?
    /// Why its code may not work any more, as a predicate; `nil` if no such reason is known.
    public var staleReason: String?

    /// Whether a `requirements.txt` beside its main file lists Python packages. Nothing installs them by itself.
    public var listsPackages = false

    /// Returns the skill with another description and front matter.
    public func described(as description: String, metadata: JSONObject) -> Skill {
        Skill(
            name: name, description: description, directoryName: directoryName, fileName: fileName,
            hostDirectory: hostDirectory, metadata: metadata, provenance: provenance, staleReason: staleReason,
            listsPackages: listsPackages)
    }

    /// The path at which code in the sandbox reads it.
    public var sandboxPath: String { "/skills/\(directoryName)/\(fileName)" }

    /// The name of the file that lists Python packages.
    static let packageList = "requirements.txt"
}

/// A problem with a skill that its author may want to fix.
public struct SkillDiagnostic: Sendable, Equatable, CustomStringConvertible {
    /// The path of the file.
    public let file: String
    /// The line, from 1; `nil` if it is about the whole file.
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
