import SystemCalls

/// One file of a skill.
public struct SkillFile: Sendable, Equatable {
    /// Its path relative to the skill's directory; `SKILL.md` for the main file, however it is spelled on disk.
    public let path: String
    /// Its size in bytes.
    public let size: Int
    /// Changes when the file changes.
    let stamp: FileStamp
}

/// Identifies the state of a file without reading its contents.
struct FileStamp: Sendable, Hashable {
    let device: UInt64
    let inode: UInt64
    let size: Int64
    let modified: Int64
    let changed: Int64

    init(_ status: stat) {
        device = UInt64(truncatingIfNeeded: status.st_dev)
        inode = UInt64(status.st_ino)
        size = Int64(status.st_size)
        modified = Self.nanoseconds(status.modificationTime)
        changed = Self.nanoseconds(status.changeTime)
    }

    /// The stamp of the file at `path`, with links followed; `nil` if none.
    init?(at path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        self.init(status)
    }

    /// Whether the last change is long enough ago that a further one would alter the stamp.
    var isSettled: Bool {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return Self.nanoseconds(now) - max(modified, changed) > 2_000_000_000
    }

    private static func nanoseconds(_ time: timespec) -> Int64 {
        Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
    }
}

/// The files of a skill: regular files at any depth, except hidden ones.
public struct SkillFiles: Sendable, Equatable {
    /// Maximum number of files of a skill (`io.modelcontextprotocol/skills`, limits).
    public static let maxCount = 512
    /// Maximum total size of its files, in bytes.
    public static let maxBytes = 16 * 1024 * 1024
    /// The name of a skill's main file.
    public static let mainFile = "SKILL.md"
    private static let maxDepth = 16

    /// The files, sorted by path.
    public private(set) var files: [SkillFile] = []
    /// Why the list is incomplete; `nil` if it is complete.
    public private(set) var defect: String?

    /// The total size of the files, in bytes.
    public var totalSize: Int { files.reduce(0) { $0 + $1.size } }

    /// Scans a skill's directory. Includes at most ``maxCount`` files and ``maxBytes``, in the order of their
    /// paths. Does not follow links.
    init(of skill: Skill) {
        var found: [SkillFile] = []
        collect(skill.hostDirectory, prefix: "", depth: 0, into: &found, main: skill.fileName)
        found.sort { $0.path < $1.path }
        var bytes = 0
        for file in found {
            bytes += file.size
            if files.count == Self.maxCount || bytes > Self.maxBytes { break }
            files.append(file)
        }
        if found.count > Self.maxCount {
            defect = "it has more than \(Self.maxCount) files"
        } else if files.count < found.count {
            defect = "its files have more than \(Self.maxBytes) bytes in total"
        }
    }

    private mutating func collect(
        _ directory: String, prefix: String, depth: Int, into found: inout [SkillFile], main: String
    ) {
        guard depth < Self.maxDepth else { return defect = "its directories are nested too deeply" }
        for name in Files.names(in: directory) {
            // One over the limit shows that there are more.
            guard found.count <= Self.maxCount else { return }
            let path = "\(directory)/\(name)"
            var status = stat()
            guard lstat(path, &status) == 0 else { continue }
            switch status.st_mode & S_IFMT {
            case S_IFDIR:
                collect(path, prefix: "\(prefix)\(name)/", depth: depth + 1, into: &found, main: main)
            case S_IFREG:
                let isMain = prefix.isEmpty && name == main
                // On a case-sensitive disk, SKILL.md and skill.md may both exist.
                if !isMain, prefix.isEmpty, name == Self.mainFile { continue }
                found.append(
                    SkillFile(
                        path: isMain ? Self.mainFile : prefix + name, size: Int(status.st_size),
                        stamp: FileStamp(status)))
            default:
                defect = "\(prefix)\(name) is neither a file nor a directory"
            }
        }
    }
}

extension Skill {
    /// Returns the skill's current files.
    public func files() -> SkillFiles { SkillFiles(of: self) }

    /// Returns the bytes of the file with the path `path` in ``SkillFiles``.
    ///
    /// - Throws: ``ExecError`` with the code ``ExecError/Code/notFound`` if the skill has no such file.
    public func read(_ path: String) throws(ExecError) -> [UInt8] {
        guard let file = files().files.first(where: { $0.path.utf8.elementsEqual(path.utf8) }),
            let bytes = Files.read(hostPath(of: file), limit: SkillFiles.maxBytes)
        else { throw ExecError(.notFound, "The skill \(name.prefix(64)) has no file \(path.prefix(200)).") }
        return bytes
    }

    /// Returns the path of one of the skill's files on the host.
    public func hostPath(of file: SkillFile) -> String {
        "\(hostDirectory)/\(file.path == SkillFiles.mainFile ? fileName : file.path)"
    }
}
