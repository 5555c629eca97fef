import SystemCalls

/// A host file or directory that is mounted read-only in the sandbox.
struct HostMount: Sendable, Equatable {
    /// Its absolute path on the host.
    let source: String
    /// Its path in the sandbox.
    let target: String
}

/// Decides which of the host's skills and tools are mounted where.
///
/// A directory is mounted whole if possible, so that later additions appear in the sandbox at once. But a link that
/// leads out of it would be dangling in the sandbox. If there is one, the directory's entries are mounted one by one
/// instead, with each link replaced by its target.
struct HostMounts: Sendable, Equatable {
    private(set) var mounts: [HostMount] = []
    /// What had to be left out, each with the reason.
    private(set) var warnings: [String] = []
    /// The sources of the approved skills' mounts.
    private(set) var approvedSources: [String] = []
    /// The names of the approved skills that are mounted.
    private(set) var approvedNames: Set<String> = []

    /// Determines the mounts for this configuration.
    ///
    /// - Parameter approved: the approved skills of the sandbox's user. Nothing can be mounted inside of a directory that
    ///   is mounted read-only, so next to these, installed skills are mounted one by one.
    init(_ configuration: SandboxConfiguration, approved: [ApprovedSkill] = []) {
        if let tools = configuration.toolsDirectory { add([tools], at: "/tools", withFiles: true) }
        // Several directories are merged skill by skill.
        let skills = configuration.skillsDirectories
        add(skills, at: "/skills", withFiles: skills.count == 1, asWhole: approved.isEmpty)
        let taken = Set(mounts.map { Array($0.target.utf8) })
        for skill in approved where Self.canMount(skill.directory) {
            let target = "/skills/\(skill.version.name)"
            guard !taken.contains(Array(target.utf8)) else { continue }
            mounts.append(HostMount(source: skill.directory, target: target))
            approvedSources.append(skill.directory)
            approvedNames.insert(skill.version.name)
        }
    }

    /// Whether every engine accepts this path unchanged in an option's value. Engines parse the value as CSV, which
    /// cannot preserve a carriage return before a line feed. Other control characters are of no use in a name either.
    static func canMount(_ path: String) -> Bool {
        path.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
    }

    /// Whether a symbolic link leads out of the directory `root`, or would if that were at another place.
    static func leadsOut(_ link: String, of root: String) -> Bool {
        guard let text = Files.linkText(link) else { return false }
        if text.utf8.first == UInt8(ascii: "/") { return true }
        guard let end = Files.realPath(link), let root = Files.realPath(root) else { return false }
        return !Files.isInside(end, root)
    }

    /// Why a path fails ``canMount(_:)``.
    static let controlCharacter = "its path has a control character, and engines alter some of those"
    /// Why an entry of a directory isn't mounted by itself.
    static let misnamed = "its name is not UTF-8"

    private mutating func add(
        _ directories: [String], at target: String, withFiles: Bool, asWhole: Bool = true
    ) {
        if asWhole, directories.count == 1, !Self.hasLinkOut(directories[0]) {
            return mounts.append(HostMount(source: directories[0], target: target))
        }
        // Of two entries with the same name, the first directory's wins. Names are compared as bytes, as file systems
        // do.
        var taken: Set<[UInt8]> = []
        for directory in directories {
            for name in Files.names(in: directory) {
                let path = "\(directory)/\(name)"
                guard let source = Self.source(of: path, withFiles: withFiles),
                    taken.insert(Array(name.utf8)).inserted
                else { continue }
                guard Self.canMount(source), Self.canMount(name) else {
                    warnings.append("\(path) is not in the sandbox: \(Self.controlCharacter)")
                    continue
                }
                mounts.append(HostMount(source: source, target: "\(target)/\(name)"))
            }
            for name in Files.misnamedDirectories(in: directory) {
                warnings.append("\(directory)/\(name) is not in the sandbox: \(Self.misnamed)")
            }
        }
    }

    /// What is mounted of a path by itself; `nil` for nothing.
    private static func source(of path: String, withFiles: Bool) -> String? {
        guard let source = Files.realPath(path),
            Files.isDirectory(source) || withFiles && Files.isRegularFile(source)
        else { return nil }
        return source
    }

    /// The path of the entry with this name that is mounted of a directory whose entries are mounted one by one; `nil`
    /// for none.
    static func entry(called name: String, in directory: String, withFiles: Bool) -> String? {
        let path = "\(directory)/\(name)"
        // Looks the name up as well, because on a disk that ignores case, paths lead to entries of other names.
        guard let source = source(of: path, withFiles: withFiles), canMount(source), canMount(name),
            Files.names(in: directory).contains(where: { $0.utf8.elementsEqual(name.utf8) })
        else { return nil }
        return path
    }

    private static func hasLinkOut(_ directory: String) -> Bool {
        Files.names(in: directory).contains { leadsOut("\(directory)/\($0)", of: directory) }
    }
}
