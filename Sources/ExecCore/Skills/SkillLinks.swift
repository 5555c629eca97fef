import SystemCalls

/// The symbolic links in a skill that dangle in the sandbox, which sees only the skills of the host.
struct SkillLinks {
    private static let maxDepth = 16
    private static let maxEntries = 4096

    /// The paths of the links relative to the skill's directory.
    private(set) var paths: [String] = []
    /// The directory that links may not leave.
    private let root: String
    private var entries = 0

    /// Scans a skill's directory. A link in a skill may lead to another skill next to it, unless the skill is itself a
    /// link: in the sandbox, that one has different neighbors.
    init(of skill: String, in directory: String) {
        let home = Files.realPath(directory)
        let own = Files.realPath(skill)
        root = home.flatMap { home in own.map { Files.isInside($0, home) ? home : $0 } } ?? skill
        collect(skill, prefix: "", depth: 0)
    }

    private mutating func collect(_ directory: String, prefix: String, depth: Int) {
        guard depth < Self.maxDepth else { return }
        for name in Files.names(in: directory) {
            entries += 1
            guard entries <= Self.maxEntries else { return }
            let path = "\(directory)/\(name)"
            var status = stat()
            guard lstat(path, &status) == 0 else { continue }
            switch status.st_mode & S_IFMT {
            case S_IFDIR: collect(path, prefix: "\(prefix)\(name)/", depth: depth + 1)
            case S_IFLNK: if HostMounts.leadsOut(path, of: root) { paths.append(prefix + name) }
            default: break
            }
        }
    }
}
