/// A directory of the host that appears under `/skills`.
struct SkillMount: Sendable, Equatable {
    let source: String
    let target: String

    /// One directory of skills is mounted whole. Several are put together skill by skill; of two skills with one name,
    /// the first directory's is taken.
    static func mounts(of directories: [String]) -> [SkillMount] {
        if directories.count == 1 { return [SkillMount(source: directories[0], target: "/skills")] }
        var taken: Set<String> = []
        return directories.flatMap { directory in
            Files.names(in: directory).compactMap { name in
                let source = "\(directory)/\(name)"
                guard Files.isDirectory(source), taken.insert(name).inserted else { return nil }
                return SkillMount(source: source, target: "/skills/\(name)")
            }
        }
    }
}
