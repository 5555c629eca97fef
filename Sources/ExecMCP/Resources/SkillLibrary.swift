import Diagnostics
import ExecCore
import JSON
import MCP
import Threading

/// The skills as resources. The directories are scanned on every request, so that a skill is available as soon as its
/// author saves it. Follow-up pages of a list reuse a scan at most 1 s old, so listing N skills costs one scan, not one
/// per page.
final class SkillLibrary: Sendable {
    /// The directories that contain the skills.
    let directories: [String]
    private let logger: Logger
    private let manifests = SkillManifests()
    private let memory = SkillCache()
    /// The result of the last scan.
    private let snapshot = Locked<Snapshot?>(nil)
    /// Diagnostics already logged: skills are scanned often, but seldom change.
    private let reported = Locked<Set<String>>([])

    init(directories: [String], logger: Logger) {
        self.directories = directories
        self.logger = logger
    }

    /// Returns every skill that the sandbox has, sorted by directory name.
    func skillsInSandbox() -> [Skill] {
        let catalog = SkillCatalog.load(from: directories, memory: memory)
        catalog.diagnostics.forEach { report($0.description) }
        snapshot.withLock { $0 = Snapshot(skills: catalog.skills, time: .now) }
        return catalog.skills
    }

    /// Returns the skills with unique names; if several have the same name, the one in the first directory.
    ///
    /// - Parameter isNextPage: whether the skills are for a follow-up page of a list.
    func skills(isNextPage: Bool = false) -> [Skill] {
        var names: Set<[UInt8]> = []
        let recent = isNextPage ? snapshot.withLock { $0?.isRecent == true ? $0?.skills : nil } : nil
        return (recent ?? skillsInSandbox()).filter { skill in
            let isFirst = names.insert(Array(skill.name.utf8)).inserted
            if !isFirst {
                report("\(skill.hostDirectory): another skill is called \(skill.name); this one has no URI")
            }
            return isFirst
        }
    }

    /// Returns the skill called `name`.
    func skill(named name: String) -> Skill? {
        skills().first { $0.name.utf8.elementsEqual(name.utf8) }
    }

    /// Returns the files of all skills in the order of their URIs: at most `count`, starting after the URI `last`.
    /// Scans only the skills that contain them.
    func resources(after last: String?, atMost count: Int) -> [Resource] {
        // A slash in a name is encoded, so the URIs of one skill come all before or all after those of another.
        let places = skills(isNextPage: last != nil).map { ($0, "\(ResourceURI.skill(name: $0.name, path: []).text)/") }
        var found: [Resource] = []
        for (skill, start) in places.sorted(by: { $0.1 < $1.1 }) where found.count < count {
            guard let last, start < last else {
                found += Self.resources(of: skill)
                continue
            }
            if last.hasPrefix(start) { found += Self.resources(of: skill).filter { $0.uri > last } }
        }
        return Array(found.prefix(count))
    }

    private static func resources(of skill: Skill) -> [Resource] {
        skill.files().files.map { resource($0, of: skill) }.sorted { $0.uri < $1.uri }
    }

    /// Returns the path on the host of each file of each skill, by its URI.
    func placesByURI() -> [ResourceURI: String] {
        skills().reduce(into: [:]) { places, skill in
            for file in skill.files().files {
                places[.skillFile(file.path, of: skill.name)] = skill.hostPath(of: file)
            }
        }
    }

    /// Returns the direct children of a directory of a skill, in the order of their URIs; `nil` if there is no such
    /// directory.
    func children(of skillName: String, path: [String]) -> [Resource]? {
        guard let skill = skill(named: skillName) else { return nil }
        let prefix = path.map { $0 + "/" }.joined()
        var children: [String: Resource] = [:]
        // Compares bytes: to Swift, a slash followed by a combining mark isn't a slash.
        for file in skill.files().files where file.path.utf8.starts(with: prefix.utf8) {
            let rest = file.path.utf8.dropFirst(prefix.utf8.count)
            if let slash = rest.firstIndex(of: UInt8(ascii: "/")) {
                let name = String(decoding: rest[..<slash], as: UTF8.self)
                let uri = ResourceURI.skill(name: skillName, path: path + [name]).text
                children[uri] = Resource(uri: uri, name: name, mediaType: Resource.directoryType)
            } else {
                let resource = Self.resource(file, of: skill)
                children[resource.uri] = resource
            }
        }
        return children.isEmpty && !path.isEmpty ? nil : children.values.sorted { $0.uri < $1.uri }
    }

    /// Returns the skills that follow the rules of the format, sorted by name. The others are reported and left out,
    /// because a host may reject the whole list for one of them.
    ///
    /// - Parameter isNextPage: whether the skills are for a follow-up page of a list.
    func listedSkills(isNextPage: Bool) -> [Skill] {
        skills(isNextPage: isNextPage).filter { skill in
            guard let defect = skill.formatDefect else { return true }
            report("\(skill.hostDirectory) is not offered over MCP: \(defect)")
            return false
        }.sorted { $0.name < $1.name }
    }

    /// Returns the entry of a skill in `skills/list` and `skills/get`; `nil` if the skill breaks a rule.
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
            // The extension requires the skill's own name for its main file.
            name: isMain ? skill.name : name,
            title: isMain ? "Skill: \(skill.name)" : "\(skill.name)/\(file.path)",
            description: isMain ? skill.description : nil,
            mediaType: isMain ? "text/markdown" : MediaType.ofFile(named: name), size: file.size)
    }
}

/// The skills at a point in time.
private struct Snapshot: Sendable {
    let skills: [Skill]
    let time: ContinuousClock.Instant

    var isRecent: Bool { ContinuousClock.now - time < .seconds(1) }
}
