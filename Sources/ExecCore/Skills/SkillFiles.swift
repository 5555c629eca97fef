import SystemCalls

/// One file of a skill.
public struct SkillFile: Sendable, Equatable {
    /// Its path below the skill's directory; `SKILL.md` for the skill's own file, however that is spelled on the disk.
    public let path: String
    /// Its size in bytes.
    public let size: Int
    /// What changes when the file does.
    let stamp: FileStamp
}

/// What tells one state of a file from another without reading it.
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

    /// The stamp of what is at `path`, links followed; `nil` where nothing is.
    init?(at path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        self.init(status)
    }

    /// Whether the last change is so long ago that a further one would show.
    var isSettled: Bool {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return Self.nanoseconds(now) - max(modified, changed) > 2_000_000_000
    }

    private static func nanoseconds(_ time: timespec) -> Int64 {
        Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
    }
}

/// The files of a skill: regular files at any depth, hidden ones left out.
public struct SkillFiles: Sendable, Equatable {
    /// How many files a skill may have (`io.modelcontextprotocol/skills`, limits).
    public static let maximumCount = 512
    /// How many bytes they may have together.
    public static let maximumBytes = 16 * 1024 * 1024
    /// What a skill's own file is called.
    public static let mainFile = "SKILL.md"
    private static let maximumDepth = 16

    /// The files, in the order of their paths.
    public private(set) var files: [SkillFile] = []
    /// Why not all of the directory is here; `nil` where it is.
    public private(set) var defect: String?

    /// How many bytes the files have together.
    public var totalSize: Int { files.reduce(0) { $0 + $1.size } }

    /// Looks through a skill's directory. At most ``maximumCount`` files and ``maximumBytes`` are taken, in the order of
    /// their paths; links are not followed.
    init(of skill: Skill) {
        var found: [SkillFile] = []
        collect(skill.hostDirectory, prefix: "", depth: 0, into: &found, main: skill.fileName)
        found.sort { $0.path < $1.path }
        var bytes = 0
        for file in found {
            bytes += file.size
            if files.count == Self.maximumCount || bytes > Self.maximumBytes { break }
            files.append(file)
        }
        if found.count > Self.maximumCount {
            defect = "it has more than \(Self.maximumCount) files"
        } else if files.count < found.count {
            defect = "its files have more than \(Self.maximumBytes) bytes together"
        }
    }

    private mutating func collect(
        _ directory: String, prefix: String, depth: Int, into found: inout [SkillFile], main: String
    ) {
        guard depth < Self.maximumDepth else { return defect = "its directories are nested too deep" }
        for name in Files.names(in: directory) {
            // One over the limit tells that there are more.
            guard found.count <= Self.maximumCount else { return }
            let path = "\(directory)/\(name)"
            var status = stat()
            guard lstat(path, &status) == 0 else { continue }
            switch status.st_mode & S_IFMT {
            case S_IFDIR:
                collect(path, prefix: "\(prefix)\(name)/", depth: depth + 1, into: &found, main: main)
            case S_IFREG:
                let isMain = prefix.isEmpty && name == main
                // On a disk that tells case apart, SKILL.md and skill.md may both be there.
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
    /// The skill's files as they are now.
    public func files() -> SkillFiles { SkillFiles(of: self) }

    /// The bytes of the file that ``SkillFiles`` calls `path`.
    ///
    /// - Throws: ``ExecError`` with the code ``ExecError/Code/notFound`` where the skill has no such file.
    public func read(_ path: String) throws(ExecError) -> [UInt8] {
        guard let file = files().files.first(where: { $0.path.utf8.elementsEqual(path.utf8) }),
            let bytes = Files.read(hostPath(of: file), limit: SkillFiles.maximumBytes)
        else { throw ExecError(.notFound, "The skill \(name.prefix(64)) has no file \(path.prefix(200)).") }
        return bytes
    }

    /// Where on the host one of the skill's files is.
    public func hostPath(of file: SkillFile) -> String {
        "\(hostDirectory)/\(file.path == SkillFiles.mainFile ? fileName : file.path)"
    }
}
