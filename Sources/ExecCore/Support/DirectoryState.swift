public import JSON
import SystemCalls

/// A snapshot of directories, to be compared with a later one. Reads only names and file attributes, no contents.
public struct DirectoryState: Sendable, Equatable {
    private static let maxEntries = 100_000

    private var stamps: [ExactText: FileStamp] = [:]

    /// Takes a snapshot of `directories` and their subdirectories.
    ///
    /// - Parameters:
    ///   - depth: how many levels to scan.
    ///   - suffix: the suffix of the file names to include; empty for all.
    public init(of directories: [String], depth: Int = 16, suffix: String = "") {
        for directory in directories { collect(directory, depth: depth, suffix: suffix) }
    }

    /// The differences from an earlier snapshot.
    public struct Changes: Sendable, Equatable {
        /// The files that were added, modified or removed.
        public let paths: Set<ExactText>
        /// Whether files were added or removed.
        public let hasOtherNames: Bool
    }

    /// Returns the differences from `before`.
    public func changes(since before: DirectoryState) -> Changes {
        let paths = Set(stamps.keys).union(before.stamps.keys).filter { stamps[$0] != before.stamps[$0] }
        return Changes(paths: paths, hasOtherNames: stamps.keys != before.stamps.keys)
    }

    private mutating func collect(_ directory: String, depth: Int, suffix: String) {
        guard depth > 0 else { return }
        for name in Files.names(in: directory) {
            guard stamps.count < Self.maxEntries else { return }
            let path = "\(directory)/\(name)"
            var status = stat()
            guard lstat(path, &status) == 0 else { continue }
            if status.st_mode & S_IFMT == S_IFDIR {
                collect(path, depth: depth - 1, suffix: suffix)
            } else if name.hasSuffix(suffix) {
                stamps[ExactText(path)] = FileStamp(status)
            }
        }
    }
}
