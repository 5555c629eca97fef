import Hashing
import JSON
import SystemCalls

/// The content of one of the sandbox's read-only directories, for an engine that cannot see the files of this machine.
/// It is kept there in a volume that is named after the content.
struct CarriedFiles: Sendable, Equatable {
    /// Maximum size of the files of one directory together, in bytes.
    static let maxBytes = 64 << 20
    /// Maximum number of files, directories and links in one directory.
    static let maxEntries = 10_000
    /// The common prefix of the volumes' names.
    static let volumePrefix = "exec-mcp-files-"
    /// The file in the volume that holds the digest. The guest reports what it finds there.
    static let marker = ".exec-mcp-files"

    /// The directory in the sandbox.
    let target: String
    /// A digest of all names and contents.
    let digest: String
    private let entries: [JSON]
    private let contents: [UInt8]

    /// The name of the volume.
    var volume: String { Self.volumePrefix + digest }

    /// Reads the sources of the mounts at `target` and below it. Hidden files and what is neither a file, a directory
    /// nor a link are left out, and so is what cannot be read.
    ///
    /// - Throws: ``ExecError`` if they are too large.
    init(_ mounts: [HostMount], at target: String) throws(ExecError) {
        var listing = Listing(target: target)
        for mount in mounts where mount.target == target || mount.target.utf8.starts(with: "\(target)/".utf8) {
            // Where a mount leads is followed, unlike the links inside of it.
            let path = String(mount.target.utf8.dropFirst(target.utf8.count + 1)) ?? ""
            try listing.addContent(of: mount.source, as: path)
        }
        self.target = target
        entries = listing.entries
        contents = listing.contents
        let description: JSON = [.string(target), .array(entries)]
        digest = String(SHA256.hexDigest(of: description.serialized() + contents).prefix(32))
    }

    /// What `unpack.py` reads to fill the volume, which is mounted at `directory`.
    func payload(into directory: String) -> [UInt8] {
        let description: JSON = [
            "directory": .string(directory), "digest": .string(digest), "marker": .string(Self.marker),
            "entries": .array(entries),
        ]
        let text = description.serialized()
        return withUnsafeBytes(of: UInt32(text.count).bigEndian) { Array($0) } + text + contents
    }

    private struct Listing {
        let target: String
        var entries: [JSON] = []
        var contents: [UInt8] = []

        mutating func add(_ source: String, as path: String) throws(ExecError) {
            var status = stat()
            guard lstat(source, &status) == 0 else { return }
            guard status.st_mode & S_IFMT == S_IFLNK else { return try addContent(of: source, as: path) }
            // A link whose text isn't UTF-8 is left out, not followed: it may lead out of the directory.
            if let link = Files.linkText(source) { try append([.string(path), "link", .string(link)]) }
        }

        mutating func addContent(of source: String, as path: String) throws(ExecError) {
            if Files.isDirectory(source) {
                if !path.isEmpty { try append([.string(path), "directory", .null]) }
                for name in Files.names(in: source) {
                    try add("\(source)/\(name)", as: path.isEmpty ? name : "\(path)/\(name)")
                }
            } else if Files.isRegularFile(source) {
                do {
                    let bytes = try Files.contents(of: source, limit: CarriedFiles.maxBytes - contents.count)
                    let kind: JSON = Files.isExecutable(source) ? "program" : "file"
                    try append([.string(path), kind, .integer(bytes.count)])
                    contents += bytes
                } catch let error as Descriptors.ContentsError {
                    if error == .tooLong { throw tooLarge }
                } catch {
                    throw tooLarge
                }
            }
        }

        private mutating func append(_ entry: [JSON]) throws(ExecError) {
            guard entries.count < CarriedFiles.maxEntries else { throw tooLarge }
            entries.append(.array(entry))
        }

        private var tooLarge: ExecError {
            ExecError(
                .engineFailed,
                """
                The files for \(target) are too many to be carried to an engine on another machine: at most \
                \(CarriedFiles.maxBytes >> 20) MiB and \(CarriedFiles.maxEntries) files. Name a smaller directory, \
                or none (--\(target.dropFirst()) none).
                """)
        }
    }
}
