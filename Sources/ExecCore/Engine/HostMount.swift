import SystemCalls

/// A file or directory of the host that appears in the sandbox, read-only.
struct HostMount: Sendable, Equatable {
    /// An absolute path of the host.
    let source: String
    /// Where it is in the sandbox.
    let target: String
}

/// What of the host's skills and tools appears where.
///
/// A directory is mounted whole where that will do: then what is added to it later is in the sandbox at once. A link in
/// it that leads out of it would lead nowhere in the sandbox, so where there is one, what is in the directory is mounted
/// piece by piece, with each link's target in the link's place.
struct HostMounts: Sendable, Equatable {
    private(set) var mounts: [HostMount] = []
    /// What had to be left out, each with the reason.
    private(set) var warnings: [String] = []

    /// What is mounted for this configuration.
    init(_ configuration: SandboxConfiguration) {
        if let tools = configuration.toolsDirectory { add([tools], at: "/tools", withFiles: true) }
        // Several directories are put together skill by skill.
        let skills = configuration.skillsDirectories
        add(skills, at: "/skills", withFiles: skills.count == 1)
    }

    /// Whether every engine takes this path as it is in the value of an option. It reads the value as CSV, which has no
    /// way to keep a carriage return before a line feed; no other control character is any use in a name either.
    static func canMount(_ path: String) -> Bool {
        path.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
    }

    /// Whether a symbolic link leads out of the directory `root`, or would where that is at another place.
    static func leadsOut(_ link: String, of root: String) -> Bool {
        guard let text = Files.linkText(link) else { return false }
        if text.utf8.first == UInt8(ascii: "/") { return true }
        guard let end = Files.realPath(link), let root = Files.realPath(root) else { return false }
        return !Files.isInside(end, root)
    }

    /// Why a path is none that ``canMount(_:)``.
    static let controlCharacter = "its path has a control character, of which engines change some"
    /// Why what is in a directory is not mounted piece by piece.
    static let misnamed = "its name is not UTF-8"

    private mutating func add(_ directories: [String], at target: String, withFiles: Bool) {
        if directories.count == 1, !Self.hasLinkOut(directories[0]) {
            return mounts.append(HostMount(source: directories[0], target: target))
        }
        // Of two with one name the first directory's is taken. By bytes, as file systems tell names apart.
        var taken: Set<[UInt8]> = []
        for directory in directories {
            for name in Files.names(in: directory) {
                let path = "\(directory)/\(name)"
                guard let source = Files.realPath(path),
                    Files.isDirectory(source) || withFiles && Files.isRegularFile(source),
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

    private static func hasLinkOut(_ directory: String) -> Bool {
        Files.names(in: directory).contains { leadsOut("\(directory)/\($0)", of: directory) }
    }
}
