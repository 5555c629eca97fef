import JSON
import SystemCalls
import YAML

/// The skills that exist at one moment.
public struct SkillCatalog: Sendable, Equatable {
    private static let fileNames = ["SKILL.md", "Skill.md", "skill.md"]
    private static let maxFileSize = 4 * 1024 * 1024
    /// The limit of the Agent Skills format.
    private static let maxDescription = 1024
    /// How many dangling links a message lists.
    private static let maxLinks = 3

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

    /// Scans directories as ``load(from:memory:)`` does, and adds a user's approved skills. An installed skill of the
    /// same name wins.
    ///
    /// - Parameter store: the approved skills; `nil` for none.
    package static func load(
        from directories: [String], approvedIn store: SkillStore?, for user: UserID, memory: SkillCache = SkillCache()
    ) -> SkillCatalog {
        let installed = load(from: directories, memory: memory)
        guard let (approved, problems) = store?.skills(of: user), !approved.isEmpty || !problems.isEmpty else {
            return installed
        }
        var (skills, diagnostics) = (installed.skills, installed.diagnostics)
        diagnostics += problems.map { SkillDiagnostic(file: store?.path ?? "", line: nil, message: $0, isFatal: false) }
        for approved in approved {
            let name = approved.version.name
            guard !installed.skills.contains(where: { $0.directoryName == name || $0.name == name }) else {
                let message = "the approved skill \(name) is left out: an installed skill has its name"
                diagnostics.append(
                    SkillDiagnostic(file: approved.directory, line: nil, message: message, isFatal: false))
                continue
            }
            // What is mounted there isn't the approved skill, whether it is a skill itself or not.
            if let occupant = occupant(of: name, in: directories) {
                let message = "the approved skill \(name) is left out: \(occupant) is in its place"
                diagnostics.append(
                    SkillDiagnostic(file: approved.directory, line: nil, message: message, isFatal: false))
                continue
            }
            guard
                let seen = look(
                    in: approved.directory, called: name, beside: OwnedFiles.parent(of: approved.directory)),
                var skill = seen.skill
            else { continue }
            skill.provenance = approved.version
            skills.append(skill)
        }
        skills.sort { $0.directoryName.utf8.lexicographicallyPrecedes($1.directoryName.utf8) }
        return SkillCatalog(skills: skills, diagnostics: diagnostics)
    }

    /// The path of what these directories put in the place of a skill in the sandbox, even if it isn't a skill;
    /// `nil` for nothing.
    package static func occupant(of name: String, in directories: [String]) -> String? {
        directories.lazy.compactMap { HostMounts.entry(called: name, in: $0, withFiles: directories.count == 1) }.first
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
        var (skill, diagnostics) = load(fileName, in: path, called: name, links: links.paths)
        skill?.listsPackages = present.contains(Skill.packageList)
        return SeenSkill(
            path: path, fileName: fileName, directoryStamp: directoryStamp, fileStamp: fileStamp, skill: skill,
            diagnostics: diagnostics)
    }

    /// Reports a dangling link, because somebody wanted a skill to be here.
    private static func danglingLink(at path: String) -> SeenSkill? {
        guard Files.linkText(path) != nil, Files.realPath(path) == nil else { return nil }
        let diagnostic = SkillDiagnostic(file: path, line: nil, message: "is a dangling link", isFatal: true)
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
            return leftOut("is a link that leads out of the skills, to a place that the sandbox does not have")
        }
        guard let content = Files.read(file, limit: maxFileSize) else {
            return leftOut("cannot be read, or is larger than \(maxFileSize) bytes")
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
        if description.count > maxDescription {
            warn("the description has \(description.count) characters; the format allows \(maxDescription)")
        }
        if !links.isEmpty {
            let shown = links.prefix(maxLinks).joined(separator: ", ")
            let rest = links.count > maxLinks ? " and \(links.count - maxLinks) more" : ""
            warn("next to it, \(shown)\(rest) lead out of the skill: in the sandbox such a link is dangling")
        }
        let skill = Skill(
            name: name, description: description, directoryName: directoryName, fileName: fileName,
            hostDirectory: directory, metadata: metadata)
        return (skill, warnings)
    }
}
