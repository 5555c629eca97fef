import Diagnostics
import ExecCore
import JSON
import MCP
import Threading

/// The skills as resources. The directories are looked at anew each time: a skill that its author has just saved is
/// there. Only the next page of a list does with what the page before it, or whoever asked last, has just seen: else a
/// list of many skills would cost their number times that of its pages.
final class SkillLibrary: Sendable {
    /// Where the skills are.
    let directories: [String]
    private let logger: Logger
    private let manifests = SkillManifests()
    private let memory = SkillCache()
    /// What was seen last.
    private let snapshot = Locked<Snapshot?>(nil)
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
        snapshot.withLock { $0 = Snapshot(skills: catalog.skills, time: .now) }
        return catalog.skills
    }

    /// The skills that can be told apart by their names; of two with one name the first directory's is taken.
    ///
    /// - Parameter isNextPage: whether it is for a page of a list that is not the first.
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

    /// The skill called `name`.
    func skill(named name: String) -> Skill? {
        skills().first { $0.name.utf8.elementsEqual(name.utf8) }
    }

    /// The files of all skills in the order of their URIs, no more than `count` of those after the URI `last`. Only the
    /// skills that they are in are looked through.
    func resources(after last: String?, atMost count: Int) -> [Resource] {
        // A name has no slash that is not encoded, so the URIs of one skill come all before or all after another's.
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
        // By bytes: with a combining mark behind it, a slash is no slash to Swift.
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

    /// The skills that keep the rules of the format, by name. The others are reported and left out, because a host may
    /// refuse the whole list for one of them.
    ///
    /// - Parameter isNextPage: whether it is for a page that is not the first.
    func listedSkills(isNextPage: Bool) -> [Skill] {
        skills(isNextPage: isNextPage).filter { skill in
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

/// The skills at a moment.
private struct Snapshot: Sendable {
    let skills: [Skill]
    let time: ContinuousClock.Instant

    var isRecent: Bool { ContinuousClock.now - time < .seconds(1) }
}
