import Diagnostics
import ExecCore
import JSON
import MCP
import Threading

/// The skills as resources. The directories are scanned on every request, so that a skill is available as soon as its
/// author saves it. Follow-up pages of a list reuse a scan at most 1 s old, so listing N skills costs one scan, not one
/// per page.
final class SkillLibrary: Sendable {
    /// The directories that contain the installed skills.
    let directories: [String]
    /// The skills that agents wrote and people approved; `nil` for none.
    let store: SkillStore?
    /// Replaces private data in what agents wrote; `nil` if none is replaced.
    private let privateData: PrivateDataFilter?
    private let requirements: @Sendable (UserID) -> SkillRequirements
    private let logger: Logger
    private let manifests = SkillManifests()
    private let memory = SkillCache()
    /// The result of the last scan.
    private let snapshot = Locked<Snapshot?>(nil)
    /// Diagnostics already logged: skills are scanned often, but seldom change.
    private let reported = Locked<Set<String>>([])

    /// - Parameters:
    ///   - store: the skills that agents wrote and people approved; `nil` for none.
    ///   - privateData: replaces private data in what agents wrote; `nil` for none.
    ///   - requirements: what tool servers a user's sandboxes have.
    init(
        directories: [String], store: SkillStore? = nil, privateData: PrivateDataFilter? = nil, logger: Logger,
        requirements: @escaping @Sendable (UserID) -> SkillRequirements = { _ in SkillRequirements([]) }
    ) {
        self.directories = directories
        self.store = store
        self.logger = logger
        self.privateData = privateData
        self.requirements = requirements
    }

    /// Returns every skill that a user's sandbox has, sorted by directory name.
    func skillsInSandbox(of user: UserID) -> [Skill] {
        let catalog = SkillCatalog.load(from: directories, approvedIn: store, for: user, memory: memory)
        catalog.diagnostics.forEach { report($0.description) }
        let skills = withStaleReasons(catalog.skills, user).map { privateData?.redacted($0, of: user) ?? $0 }
        snapshot.withLock { $0 = Snapshot(user: user, skills: skills, time: .now) }
        return skills
    }

    private func withStaleReasons(_ skills: [Skill], _ user: UserID) -> [Skill] {
        guard skills.contains(where: { $0.provenance?.requirements.isEmpty == false }) else { return skills }
        let requirements = requirements(user)
        return skills.map { skill in
            var skill = skill
            skill.staleReason = skill.provenance.flatMap { requirements.staleReason(of: $0.requirements) }
            if let reason = skill.staleReason { report("the approved skill \(skill.name) is stale: it \(reason)") }
            return skill
        }
    }

    /// Returns the skills with unique names; if several have the same name, the one in the first directory.
    ///
    /// - Parameter isNextPage: whether the skills are for a follow-up page of a list.
    func skills(of user: UserID, isNextPage: Bool = false) -> [Skill] {
        var names: Set<[UInt8]> = []
        let recent = isNextPage ? snapshot.withLock { $0?.isRecent(of: user) == true ? $0?.skills : nil } : nil
        return (recent ?? skillsInSandbox(of: user)).filter { skill in
            let isFirst = names.insert(Array(skill.name.utf8)).inserted
            if !isFirst {
                report("\(skill.hostDirectory): another skill is called \(skill.name); this one has no URI")
            }
            return isFirst
        }
    }

    /// Returns the skill called `name`.
    func skill(named name: String, of user: UserID) -> Skill? {
        skills(of: user).first { $0.name.utf8.elementsEqual(name.utf8) }
    }

    /// Returns the files of all skills in the order of their URIs: at most `count`, starting after the URI `last`.
    /// Scans only the skills that contain them.
    func resources(of user: UserID, after last: String?, atMost count: Int) -> [Resource] {
        // A slash in a name is encoded, so the URIs of one skill come all before or all after those of another.
        let places = skills(of: user, isNextPage: last != nil).map {
            ($0, "\(ResourceURI.skill(name: $0.name, path: []).text)/")
        }
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
    func placesByURI(of user: UserID) -> [ResourceURI: String] {
        skills(of: user).reduce(into: [:]) { places, skill in
            for file in skill.files().files {
                places[.skillFile(file.path, of: skill.name)] = skill.hostPath(of: file)
            }
        }
    }

    /// Returns the direct children of a directory of a skill, in the order of their URIs; `nil` if there is no such
    /// directory.
    func children(of skillName: String, path: [String], for user: UserID) -> [Resource]? {
        guard let skill = skill(named: skillName, of: user) else { return nil }
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
    func listedSkills(of user: UserID, isNextPage: Bool) -> [Skill] {
        skills(of: user, isNextPage: isNextPage).filter { skill in
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

    /// Returns where skills come from that agents wrote, by the URI of their main file: a member for the `_meta` of a
    /// result that contains them, because the extension's entries have no room for it; `nil` if there are none.
    func provenance(of skills: [Skill]) -> JSON? {
        var members = JSONObject()
        for skill in skills {
            let main = ResourceURI.skillFile(SkillFiles.mainFile, of: skill.name)
            members[main.text] = skill.provenance?.shown(staleReason: skill.staleReason)
        }
        return members.isEmpty ? nil : [Self.provenanceKey: .object(members)]
    }

    private static let provenanceKey = "exec-mcp/provenance"

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
            description: isMain ? skill.description + skill.provenanceRemark : nil,
            mediaType: isMain ? "text/markdown" : MediaType.ofFile(named: name), size: file.size)
    }
}

/// The skills at a point in time.
private struct Snapshot: Sendable {
    let user: UserID
    let skills: [Skill]
    let time: ContinuousClock.Instant

    func isRecent(of user: UserID) -> Bool { self.user == user && ContinuousClock.now - time < .seconds(1) }
}

extension SkillVersion {
    /// What a client learns about where a skill comes from.
    fileprivate func shown(staleReason: String?) -> JSON {
        var members: JSONObject = [
            "origin": "agent", "version": .integer(number), "digest": .string("sha256:\(digest)"),
            "approvedBy": .string(approver), "approvedAt": .string(Timestamp.text(secondsSince1970: approved)),
            "draftOf": .string(author), "draftWrittenAt": .string(Timestamp.text(secondsSince1970: written)),
            "tests": .string(tests),
        ]
        if !untrustedServers.isEmpty {
            members["mayDeriveFromUntrusted"] = .array(untrustedServers.map { .string($0) })
        }
        members["stale"] = staleReason.map { .string($0) }
        return .object(members)
    }
}

extension Skill {
    /// A remark on where it comes from, for a description that a person or a model reads.
    fileprivate var provenanceRemark: String {
        guard let provenance else { return "" }
        let stale = staleReason.map { "; stale: \($0)" } ?? ""
        return " (written by an agent, approved by \(provenance.approver)\(stale))"
    }
}
