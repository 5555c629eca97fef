import JSON
import YAML

/// The skills that there are at a moment.
public struct SkillCatalog: Sendable, Equatable {
    private static let fileNames = ["SKILL.md", "Skill.md", "skill.md"]
    private static let maximumFileSize = 4 * 1024 * 1024
    /// The Agent Skills format's own bound.
    private static let maximumDescription = 1024

    /// The skills, by directory name.
    public let skills: [Skill]
    /// What was odd about them and about those that are left out.
    public let diagnostics: [SkillDiagnostic]

    /// Looks through directories of skills. Of two skills with one directory name the first is taken.
    public static func load(from directories: [String]) -> SkillCatalog {
        var skills: [Skill] = []
        var diagnostics: [SkillDiagnostic] = []
        var taken: Set<String> = []
        for directory in directories {
            for name in Files.names(in: directory) {
                let path = "\(directory)/\(name)"
                guard Files.isDirectory(path) else { continue }
                let present = Files.names(in: path)
                guard let fileName = fileNames.first(where: present.contains), taken.insert(name).inserted else {
                    continue
                }
                let loaded = load(fileName, in: path, called: name)
                if let skill = loaded.skill { skills.append(skill) }
                diagnostics += loaded.diagnostics
            }
        }
        return SkillCatalog(
            skills: skills.sorted { $0.directoryName < $1.directoryName }, diagnostics: diagnostics)
    }

    private static func load(
        _ fileName: String, in directory: String, called directoryName: String
    ) -> (skill: Skill?, diagnostics: [SkillDiagnostic]) {
        let file = "\(directory)/\(fileName)"
        func leftOut(_ message: String, line: Int? = nil) -> (Skill?, [SkillDiagnostic]) {
            (nil, [SkillDiagnostic(file: file, line: line, message: message, isFatal: true)])
        }
        guard let content = Files.read(file, limit: maximumFileSize) else {
            return leftOut("cannot be read, or has more than \(maximumFileSize) bytes")
        }
        guard let text = String(validating: content, as: UTF8.self) else { return leftOut("is not UTF-8") }
        let metadata: JSONObject
        do {
            metadata = try FrontMatter.parse(text).metadata
        } catch {
            return leftOut(error.reason, line: error.line)
        }
        guard let description = metadata["description"]?.stringValue, description.contains(where: { !$0.isWhitespace })
        else { return leftOut("the front matter has no description", line: 1) }

        var warnings: [SkillDiagnostic] = []
        func warn(_ message: String) {
            warnings.append(SkillDiagnostic(file: file, line: nil, message: message, isFatal: false))
        }
        let name = metadata["name"]?.stringValue ?? directoryName
        if metadata["name"] == nil { warn("the front matter has no name; the directory's is used") }
        if name != directoryName { warn("the name \(name) differs from the directory's") }
        if description.count > maximumDescription {
            warn("the description has \(description.count) characters; the format allows \(maximumDescription)")
        }
        let skill = Skill(
            name: name, description: description, directoryName: directoryName, fileName: fileName,
            hostDirectory: directory, metadata: metadata)
        return (skill, warnings)
    }
}
