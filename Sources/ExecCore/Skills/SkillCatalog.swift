import JSON
import SystemCalls
import YAML

/// The skills that exist at one moment.
public struct SkillCatalog: Sendable, Equatable {
    private static let fileNames = ["SKILL.md", "Skill.md", "skill.md"]
    private static let maximumFileSize = 4 * 1024 * 1024
    /// The limit of the Agent Skills format.
    private static let maximumDescription = 1024
    /// How many dangling links a message lists.
    private static let maximumLinks = 3

    /// The skills, sorted by directory name.
    public let skills: [Skill]
    /// Problems with these skills and with those that were left out.
    public let diagnostics: [SkillDiagnostic]

    /// Scans directories of skills. Of two skills with the same directory name, the first wins.
    ///
    /// - Parameter memory: the cache of earlier scans, which is updated. With the default every skill is read.
    public static func load(from directories: [String], memory: SkillCache = SkillCache()) -> SkillCatalog {
        var found: [SeenSkill] = []
        var misnamed: [SkillDiagnostic] = []
        // Compares bytes, as file systems do: Swift treats a precomposed letter and a letter with an accent as equal.
        var taken: Set<[UInt8]> = []
        for directory in directories {
            for name in Files.names(in: directory) where !taken.contains(Array(name.utf8)) {
                let path = "\(directory)/\(name)"
                guard let seen = memory.skill(at: path) ?? look(in: path, called: name, beside: directory) else {
                    continue
                }
                if !seen.fileName.isEmpty { taken.insert(Array(name.utf8)) }
                found.append(seen)
            }
            for name in Files.misnamedDirectories(in: directory, with: fileNames) {
                misnamed.append(
                    SkillDiagnostic(
                        file: "\(directory)/\(name)", line: nil, message: HostMounts.misnamed, isFatal: true))
            }
        }
        memory.keep(found)
        return SkillCatalog(
            skills: found.compactMap(\.skill).sorted {
                $0.directoryName.utf8.lexicographicallyPrecedes($1.directoryName.utf8)
            },
            diagnostics: found.flatMap(\.diagnostics) + misnamed)
    }

    /// Scans a directory; `nil` if it isn't a skill.
    private static func look(in path: String, called name: String, beside parent: String) -> SeenSkill? {
        // The stamps are read before the contents, so that a change in the meantime invalidates them.
        let directoryStamp = FileStamp(at: path)
        guard Files.isDirectory(path) else { return danglingLink(at: path) }
        let present = Files.names(in: path)
        guard let fileName = fileNames.first(where: present.contains) else { return nil }
        let fileStamp = FileStamp(at: "\(path)/\(fileName)")
        let links = SkillLinks(of: path, in: parent)
        let (skill, diagnostics) = load(fileName, in: path, called: name, links: links.paths)
        return SeenSkill(
            path: path, fileName: fileName, directoryStamp: directoryStamp, fileStamp: fileStamp, skill: skill,
            diagnostics: diagnostics)
    }

    /// Reports a dangling link, because somebody wanted a skill to be here.
    private static func danglingLink(at path: String) -> SeenSkill? {
        guard Files.linkText(path) != nil, Files.realPath(path) == nil else { return nil }
        let diagnostic = SkillDiagnostic(file: path, line: nil, message: "is a link to where nothing is", isFatal: true)
        return SeenSkill(
            path: path, fileName: "", directoryStamp: nil, fileStamp: nil, skill: nil, diagnostics: [diagnostic])
    }

    private static func load(
        _ fileName: String, in directory: String, called directoryName: String, links: [String]
    ) -> (skill: Skill?, diagnostics: [SkillDiagnostic]) {
        let file = "\(directory)/\(fileName)"
        func leftOut(_ message: String, line: Int? = nil) -> (Skill?, [SkillDiagnostic]) {
            (nil, [SkillDiagnostic(file: file, line: line, message: message, isFatal: true)])
        }
        guard HostMounts.canMount(directory) else {
            return leftOut(HostMounts.controlCharacter)
        }
        guard !links.contains(fileName) else {
            return leftOut("is a link that leads out of the skills, to where nothing is in the sandbox")
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
        if !links.isEmpty {
            let shown = links.prefix(maximumLinks).joined(separator: ", ")
            let rest = links.count > maximumLinks ? " and \(links.count - maximumLinks) more" : ""
            warn("beside it \(shown)\(rest) lead out of the skill: in the sandbox there is nothing behind such a link")
        }
        let skill = Skill(
            name: name, description: description, directoryName: directoryName, fileName: fileName,
            hostDirectory: directory, metadata: metadata)
        return (skill, warnings)
    }
}
