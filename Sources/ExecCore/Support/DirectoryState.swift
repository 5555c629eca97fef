public import JSON
import SystemCalls

/// What is in directories at a moment, to be compared with another moment. Nothing is read but names and dates.
public struct DirectoryState: Sendable, Equatable {
    private static let maximumEntries = 100_000

    private var stamps: [ExactText: FileStamp] = [:]

    /// Looks into `directories` and those in them.
    ///
    /// - Parameters:
    ///   - depth: how many levels are looked at.
    ///   - suffix: how the names of the files end that count; empty for all.
    public init(of directories: [String], depth: Int = 16, suffix: String = "") {
        for directory in directories { collect(directory, depth: depth, suffix: suffix) }
    }

    /// What is other than at an earlier moment.
    public struct Changes: Sendable, Equatable {
        /// The files that came, changed or went.
        public let paths: Set<ExactText>
        /// Whether files came or went.
        public let hasOtherNames: Bool
    }

    /// What is other than `before`.
    public func changes(since before: DirectoryState) -> Changes {
        let paths = Set(stamps.keys).union(before.stamps.keys).filter { stamps[$0] != before.stamps[$0] }
        return Changes(paths: paths, hasOtherNames: stamps.keys != before.stamps.keys)
    }

    private mutating func collect(_ directory: String, depth: Int, suffix: String) {
        guard depth > 0 else { return }
        for name in Files.names(in: directory) {
            guard stamps.count < Self.maximumEntries else { return }
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
