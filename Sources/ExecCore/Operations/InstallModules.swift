import JSON

/// Parameters of the operation that fills the directory of modules. The files' bytes follow the call, one after the
/// other.
struct InstallModules: GuestParameters {
    static let operation = GuestOperation.installModules
    /// The maximum number of files.
    static let maxFiles = 4096
    /// The maximum size of all files together, in bytes.
    static let maxSize = 16 << 20

    /// Names of what the guest reports.
    enum Name {
        static let leftOut = "left_out"
    }

    let files: [ModuleFile]
    let timeout: Double

    var json: JSON {
        var lengths = JSONObject()
        for file in files { lengths[file.path] = .integer(file.content.count) }
        return ["files": .object(lengths), "timeout": .double(timeout)]
    }
}

extension Sandbox {
    /// Replaces the files in the directory of modules by these. Those that are not among them are removed. A file that
    /// can't be installed is left out alone.
    ///
    /// - Returns: why files were left out, by their paths.
    /// - Throws: ``ExecError`` if none can be installed.
    func install(_ files: [ModuleFile]) async throws -> [String: String] {
        let kept = ModuleFile.fitting(files)
        let paths = Set(kept.map(\.path))
        var leftOut: [String: String] = [:]
        for file in files where !paths.contains(file.path) {
            leftOut[file.path] = """
                at most \(InstallModules.maxFiles) modules of \(InstallModules.maxSize) bytes together are installed
                """
        }
        let parameters = InstallModules(files: kept, timeout: Self.fileTimeout)
        let reply = try await callGuest(parameters, body: kept.flatMap(\.content), replyLimit: 0)
        for member in reply.result[InstallModules.Name.leftOut]?.objectValue ?? [:] {
            leftOut[member.key] = member.value.stringValue ?? "unknown"
        }
        return leftOut
    }
}

extension ModuleFile {
    /// Returns the files that may be installed together, in their order: without the largest ones if they are too large,
    /// without the last ones if they are too many.
    static func fitting(_ files: [ModuleFile]) -> [ModuleFile] {
        var excess = files.reduce(0) { $0 + $1.content.count } - InstallModules.maxSize
        var dropped: Set<Int> = []
        for place in files.indices.sorted(by: { files[$0].content.count > files[$1].content.count }) where excess > 0 {
            dropped.insert(place)
            excess -= files[place].content.count
        }
        return Array(files.indices.filter { !dropped.contains($0) }.prefix(InstallModules.maxFiles).map { files[$0] })
    }
}
