import Hashing
import JSON
import SystemCalls
import Threading

/// The skills that people approved, in a directory of this account outside every sandbox.
///
/// Each user has a shelf, and there is a shared one. A shelf has an index, which is replaced atomically, and a directory
/// for each approved version, named after its digest and written before the index names it. So a process that is killed
/// at any moment leaves either the old state or the new one, and leftovers that the next change removes.
package final class SkillStore: Sendable {
    private static let maxIndexBytes = 16 << 20

    /// Its absolute path.
    package let path: String
    /// Called before each step of a change, for tests that interrupt it there.
    private let onStep: @Sendable () throws(SkillStoreError) -> Void
    /// The stamps of the directories and files of versions whose digests were checked, by their paths.
    private let checked = Locked<[String: [FileStamp]]>([:])

    /// A store, which is created when something is stored in it.
    package init(path: String, onStep: @escaping @Sendable () throws(SkillStoreError) -> Void = {}) {
        self.path = path
        self.onStep = onStep
    }

    // MARK: - Look

    /// Everything that was decided about the skills of a scope.
    ///
    /// - Throws: ``SkillStoreError`` if the index can't be read or isn't one.
    package func index(of scope: SkillScope) throws(SkillStoreError) -> SkillIndex {
        let file = indexFile(of: scope)
        guard let bytes = try OwnedFiles.read(file, limit: Self.maxIndexBytes) else { return SkillIndex() }
        guard let value = try? JSON.parse(bytes), let index = SkillIndex(value, of: scope) else {
            throw SkillStoreError("\(file) is damaged")
        }
        return index
    }

    /// The approved skills of a user: the user's own, then shared ones of other names. Each file has the digest that was
    /// approved.
    ///
    /// - Returns: besides the skills, why others had to be left out.
    package func skills(of user: UserID) -> (skills: [ApprovedSkill], problems: [String]) {
        var (skills, problems): ([ApprovedSkill], [String]) = ([], [])
        for scope in [SkillScope.user(user), .shared] {
            do {
                let current = try index(of: scope).current
                for version in current.values.sorted(by: { $0.name < $1.name }).prefix(SkillIndex.maxSkills)
                where !skills.contains(where: { $0.version.name == version.name }) {
                    let directory = directory(of: version, in: scope)
                    if let defect = defect(of: version, at: directory) {
                        problems.append("the approved skill \(version.name) is left out: \(directory) \(defect)")
                    } else {
                        skills.append(ApprovedSkill(version: version, directory: directory, isShared: scope == .shared))
                    }
                }
            } catch {
                problems.append("approved skills are left out: \(error.message)")
            }
        }
        return (skills, problems)
    }

    /// The files of an approved version, checked against its digests.
    package func content(of version: SkillVersion, in scope: SkillScope) throws(SkillStoreError) -> SkillContent {
        let directory = directory(of: version, in: scope)
        if let defect = defect(of: version, at: directory) { throw SkillStoreError("\(directory) \(defect)") }
        let files = version.entries.compactMap { entry in
            Files.read("\(directory)/\(entry.path)", limit: SkillContent.maxBytes)
                .flatMap { String(validating: $0, as: UTF8.self) }
                .map { SkillContent.File(path: entry.path, text: $0) }
        }
        let content = try SkillContent(name: version.name, files: files)
        guard content.digest == version.digest else { throw SkillStoreError("\(directory) has changed") }
        return content
    }

    /// Changes with each decision about skills that `user` has.
    package func changeMark(of user: UserID) -> [String] {
        [SkillScope.user(user), .shared].map { scope in
            FileStamp(at: indexFile(of: scope)).map { "\($0)" } ?? ""
        }
    }

    // MARK: - Change

    /// Approves content as the next version of its skill.
    ///
    /// - Parameter describe: makes the version from its number.
    /// - Throws: ``SkillStoreError``; then what was approved before still is.
    @discardableResult package func approve(
        _ content: SkillContent, in scope: SkillScope, describe: (_ number: Int) -> SkillVersion
    ) throws(SkillStoreError) -> SkillVersion {
        try change(scope) { (index) throws(SkillStoreError) in
            let version = describe(index.nextNumber(of: content.name))
            guard version.digest == content.digest, version.name == content.name else {
                throw SkillStoreError("the version does not describe these files")
            }
            if let current = index.current[content.name] {
                guard
                    current.digest != content.digest
                        || defect(of: current, at: directory(of: current, in: scope)) != nil
                else {
                    throw SkillStoreError("\(content.name) is approved as it is: version \(current.number)")
                }
            } else if index.current.count >= SkillIndex.maxSkills {
                throw SkillStoreError("at most \(SkillIndex.maxSkills) skills can be approved at once: revoke some")
            }
            try store(content, at: directory(of: version, in: scope), version)
            index.add(.approved(version))
            return version
        }
    }

    /// Takes the approval of a skill back. Its files are removed, also for sandboxes that run.
    ///
    /// - Throws: ``SkillStoreError`` if it isn't approved, or the index can't be changed.
    @discardableResult package func revoke(
        _ name: String, in scope: SkillScope, _ decision: SkillDecision
    ) throws(SkillStoreError) -> SkillVersion {
        try change(scope) { (index) throws(SkillStoreError) in
            guard let version = index.current[name] else { throw SkillStoreError("\(name) is not approved") }
            index.add(.revoked(name: name, decision))
            return version
        }
    }

    /// Notes that a draft was rejected.
    package func reject(
        _ name: String, digest: String, of user: UserID, _ decision: SkillDecision
    ) throws(SkillStoreError) {
        try change(.user(user)) { (index) throws(SkillStoreError) in
            index.add(.rejected(name: name, digest: digest, decision))
        }
    }

    private func change<Value>(
        _ scope: SkillScope, _ body: (inout SkillIndex) throws(SkillStoreError) -> Value
    ) throws(SkillStoreError) -> Value {
        let shelf = shelf(of: scope)
        try OwnedFiles.makeDirectories("\(shelf)/versions")
        return try OwnedFiles.locked("\(shelf)/lock") { () throws(SkillStoreError) in
            var index = try index(of: scope)
            try tidy(scope, keeping: index)
            let value = try body(&index)
            try replace(index, of: scope)
            try onStep()
            try tidy(scope, keeping: index)
            return value
        }
    }

    private func replace(_ index: SkillIndex, of scope: SkillScope) throws(SkillStoreError) {
        let bytes = index.json(of: scope).serialized()
        guard bytes.count <= Self.maxIndexBytes else {
            throw SkillStoreError("\(indexFile(of: scope)) would have more than \(Self.maxIndexBytes) bytes")
        }
        let temporary = "\(shelf(of: scope))/index.json.new"
        // A leftover of a process that was killed.
        unlink(temporary)
        try onStep()
        try OwnedFiles.create(temporary, bytes, mode: 0o600)
        try onStep()
        try OwnedFiles.publish(temporary, as: indexFile(of: scope))
    }

    /// Writes a version's files beside its place, then moves all of them there at once.
    private func store(
        _ content: SkillContent, at directory: String, _ version: SkillVersion
    ) throws(SkillStoreError) {
        let temporary = "\(directory).new"
        OwnedFiles.removeTree(directory)
        OwnedFiles.removeTree(temporary)
        try onStep()
        // Readable for the sandbox's account. The directory above is for this account alone.
        try makeReadableDirectory(temporary)
        for file in content.files {
            try makeDirectories(above: file.path, in: temporary)
            try onStep()
            try OwnedFiles.create("\(temporary)/\(file.path)", Array(file.text.utf8), mode: 0o444)
        }
        for directory in Self.directories(of: content.files.map(\.path)) {
            OwnedFiles.synchronize("\(temporary)/\(directory)")
        }
        try onStep()
        try OwnedFiles.publish(temporary, as: directory)
        if let defect = defect(of: version, at: directory) { throw SkillStoreError("\(directory) \(defect)") }
    }

    private func makeReadableDirectory(_ path: String) throws(SkillStoreError) {
        guard mkdir(path, 0o755) == 0, chmod(path, 0o755) == 0 else {
            throw SkillStoreError("cannot make \(path): \(String(cString: strerror(errno)))")
        }
    }

    private func makeDirectories(above file: String, in root: String) throws(SkillStoreError) {
        var directory = root
        for part in file.split(separator: "/").dropLast() {
            directory += "/\(part)"
            if !Files.isDirectory(directory) { try makeReadableDirectory(directory) }
        }
    }

    private static func directories(of paths: [String]) -> Set<String> {
        paths.reduce(into: [""]) { directories, path in
            let parts = path.split(separator: "/").dropLast()
            for count in parts.indices { directories.insert(parts[...count].joined(separator: "/")) }
        }
    }

    /// Removes what no approval needs: leftovers of processes that were killed, and versions that were revoked or
    /// replaced, except the version before, which sandboxes may still have.
    private func tidy(_ scope: SkillScope, keeping index: SkillIndex) throws(SkillStoreError) {
        let versions = "\(shelf(of: scope))/versions"
        let kept = Set(index.kept.map { Files.name(of: directory(of: $0, in: scope)) })
        for name in OwnedFiles.names(in: versions, limit: 100_000) ?? [] where !kept.contains(name) {
            try onStep()
            OwnedFiles.removeTree("\(versions)/\(name)")
        }
    }

    // MARK: - Digests

    /// What differs between the files of a version and what was approved, as a predicate; `nil` if nothing does.
    private func defect(of version: SkillVersion, at directory: String) -> String? {
        var (stamps, files): ([FileStamp], [String]) = ([], [])
        if let defect = collect(directory, "", 0, &stamps, &files) { return defect }
        if checked.withLock({ $0[directory] }) == stamps { return nil }
        guard Set(files) == Set(version.entries.map(\.path)) else { return "has other files than were approved" }
        for entry in version.entries {
            guard let bytes = Files.read("\(directory)/\(entry.path)", limit: SkillContent.maxBytes),
                bytes.count == entry.size, SHA256.hexDigest(of: bytes) == entry.digest
            else { return "has changed since it was approved: \(entry.path)" }
        }
        if stamps.allSatisfy(\.isSettled) { checked.withLock { $0[directory] = stamps } }
        return nil
    }

    private func collect(
        _ directory: String, _ prefix: String, _ depth: Int, _ stamps: inout [FileStamp], _ files: inout [String]
    ) -> String? {
        var status = stat()
        guard lstat(directory, &status) == 0 else { return "is gone" }
        guard status.st_mode & S_IFMT == S_IFDIR, status.st_uid == geteuid(), depth <= SkillContent.maxDepth,
            let names = OwnedFiles.names(in: directory, limit: SkillContent.maxFiles)
        else { return "is not the directory that was approved" }
        stamps.append(FileStamp(status))
        for name in names.sorted() {
            let path = "\(directory)/\(name)"
            guard lstat(path, &status) == 0 else { return "has changed since it was approved: \(prefix)\(name)" }
            switch status.st_mode & S_IFMT {
            case S_IFDIR:
                if let defect = collect(path, "\(prefix)\(name)/", depth + 1, &stamps, &files) { return defect }
            case S_IFREG:
                stamps.append(FileStamp(status))
                files.append(prefix + name)
            default:
                return "has other files than were approved"
            }
        }
        return nil
    }

    // MARK: - Places

    private func directory(of version: SkillVersion, in scope: SkillScope) -> String {
        "\(shelf(of: scope))/versions/\(version.name)-\(version.number)-\(version.digest.prefix(16))"
    }

    private func indexFile(of scope: SkillScope) -> String { "\(shelf(of: scope))/index.json" }

    /// The directory of a scope. Named after a digest, because names that differ in case alone are two users.
    func shelf(of scope: SkillScope) -> String {
        switch scope {
        case .user(let user): "\(path)/users/\(SHA256.hexDigest(of: user.name).prefix(32))"
        case .shared: "\(path)/shared"
        }
    }
}

/// An approved skill whose files have the digests that were approved.
package struct ApprovedSkill: Sendable, Equatable {
    package let version: SkillVersion
    /// The path of its files on the host.
    package let directory: String
    /// Whether every user has it.
    package let isShared: Bool
}

extension SkillIndex {
    /// The versions whose files are kept: approved ones, and the one before each of them.
    fileprivate var kept: [SkillVersion] {
        let current = current
        var kept = Array(current.values)
        for (name, version) in current {
            var last: SkillVersion?
            for case .approved(let earlier) in events where earlier.name == name && earlier.number < version.number {
                last = earlier
            }
            // Revoked ones are never kept.
            if let last, !isRevoked(last) { kept.append(last) }
        }
        return kept
    }

    private func isRevoked(_ version: SkillVersion) -> Bool {
        guard let place = events.firstIndex(of: .approved(version)) else { return true }
        for event in events[place...].dropFirst() {
            if case .revoked(version.name, _) = event { return true }
            if case .approved(let next) = event, next.name == version.name { return false }
        }
        return false
    }
}
