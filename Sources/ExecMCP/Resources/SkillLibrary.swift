import Diagnostics
import ExecCore
import JSON
import MCP
import Threading

/// The skills as resources. The directories are looked at anew each time: a skill that its author has just saved is
/// there.
final class SkillLibrary: Sendable {
    /// Where the skills are.
    let directories: [String]
    private let logger: Logger
    private let manifests = SkillManifests()
    private let memory = SkillMemory()
    /// Diagnostics already logged: skills are asked for often, and seldom change.
    private let reported = Locked<Set<String>>([])

    init(directories: [String], logger: Logger) {
        self.directories = directories
        self.logger = logger
    }

    /// Every skill that the sandbox has, by the names of their directories.
    func skillsInSandbox() -> [Skill] {
        let catalog = SkillCatalog.load(from: directories, memory: memory)
        catalog.diagnostics.forEach { report($0.description) }
        return catalog.skills
    }

    /// The skills that can be told apart by their names; of two with one name the first directory's is taken.
    func skills() -> [Skill] {
        var names: Set<String> = []
        return skillsInSandbox().filter { skill in
            let isFirst = names.insert(skill.name).inserted
            if !isFirst {
                report("\(skill.hostDirectory): another skill is called \(skill.name); this one has no URI")
            }
            return isFirst
        }
    }

    /// The skill called `name`.
    func skill(named name: String) -> Skill? {
        skills().first { $0.name == name }
    }

    /// Every file of every skill.
    func resources() -> [Resource] {
        skills().flatMap { skill in
            skill.files().files.map { Self.resource($0, of: skill) }
        }
    }

    /// Where on the host each file of each skill is, by its URI.
    func placesByURI() -> [ResourceURI: String] {
        skills().reduce(into: [:]) { places, skill in
            for file in skill.files().files {
                places[.skillFile(file.path, of: skill.name)] = skill.hostPath(of: file)
            }
        }
    }

    /// What is directly in a directory of a skill, in the order of the URIs; `nil` where there is no such directory.
    func children(of skillName: String, path: [String]) -> [Resource]? {
        guard let skill = skill(named: skillName) else { return nil }
        let prefix = path.map { $0 + "/" }.joined()
        var children: [String: Resource] = [:]
        for file in skill.files().files where file.path.hasPrefix(prefix) {
            let rest = file.path.dropFirst(prefix.count)
            let parts = rest.split(separator: "/", maxSplits: 1)
            guard let name = parts.first.map(String.init) else { continue }
            if parts.count == 1 {
                children[name] = Self.resource(file, of: skill)
            } else {
                let uri = ResourceURI.skill(name: skillName, path: path + [name])
                children[name] = Resource(uri: uri.text, name: name, mediaType: Resource.directoryType)
            }
        }
        return children.isEmpty && !path.isEmpty ? nil : children.values.sorted { $0.uri < $1.uri }
    }

    /// The skills that keep the rules of the format, by name. The others are reported and left out, because a host may
    /// refuse the whole list for one of them.
    func listedSkills() -> [Skill] {
        skills().filter { skill in
            guard let defect = skill.formatDefect else { return true }
            report("\(skill.hostDirectory) is not offered over MCP: \(defect)")
            return false
        }.sorted { $0.name < $1.name }
    }

    /// What `skills/list` and `skills/get` say of a skill; `nil` for one that breaks a rule.
    func entry(_ skill: Skill) -> JSON? {
        do {
            let files = try manifests.manifest(of: skill).entries.map { file -> JSON in
                [
                    "uri": .string(ResourceURI.skillFile(file.path, of: skill.name).text),
                    "digest": .string(file.digest), "size": .integer(file.size),
                ]
            }
            let main = ResourceURI.skillFile(SkillFiles.mainFile, of: skill.name)
            return [
                "uri": .string(main.text), "frontmatter": .object(skill.metadata), "resources": .array(files),
            ]
        } catch {
            report(error.message)
            return nil
        }
    }

    private func report(_ diagnostic: String) {
        guard reported.withLock({ $0.insert(diagnostic).inserted }) else { return }
        logger.warning(diagnostic)
    }

    private static func resource(_ file: SkillFile, of skill: Skill) -> Resource {
        let isMain = file.path == SkillFiles.mainFile
        let name = file.path.split(separator: "/").last.map(String.init) ?? file.path
        return Resource(
            uri: ResourceURI.skillFile(file.path, of: skill.name).text,
            // The extension wants the skill's own name for its main file.
            name: isMain ? skill.name : name,
            title: isMain ? "Skill: \(skill.name)" : "\(skill.name)/\(file.path)",
            description: isMain ? skill.description : nil,
            mediaType: isMain ? "text/markdown" : MediaType.ofFile(named: name), size: file.size)
    }
}
