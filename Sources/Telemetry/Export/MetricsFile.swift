import SystemCalls

/// A file for node_exporter's textfile collector that only this process writes.
///
/// If another process writes it already, this one gets a file of its own beside it: `name.prom`, `name.1.prom`,
/// `name.2.prom` and so on. A lock that ends with the process says which of them are taken, so the number of files, and
/// of series, is bounded by how many servers run at once.
public final class MetricsFile: Sendable {
    /// What the file's name must end in: the collector reads no other files.
    public static let suffix = ".prom"
    /// The maximum number of processes that share a name.
    static let maxFiles = 64
    /// Others may read it, because the collector runs as another user. It holds nothing about what users do.
    private static let mode: mode_t = 0o644

    /// The path of the file that this process writes.
    public let path: String
    /// The file's name without the suffix, which is different for each file in a directory.
    public let label: String
    private let temporaryPath: String
    private let lock: Int32

    /// Takes the first file of this name that no other process writes.
    ///
    /// - Parameter path: the path of a file whose name ends in ``suffix``.
    /// - Throws: ``MetricsFileError``.
    public init(path: String) throws(MetricsFileError) {
        let name = Files.name(of: path)
        let directory = String(path.dropLast(name.count))
        guard path.hasSuffix(Self.suffix), name.utf8.count > Self.suffix.utf8.count, name.first != "." else {
            throw MetricsFileError("isn't named NAME\(Self.suffix), and the collector reads no other files")
        }
        let stem = String(name.dropLast(Self.suffix.count))
        for number in 0..<Self.maxFiles {
            let label = number == 0 ? stem : "\(stem).\(number)"
            let descriptor = open(
                "\(directory).\(label)\(Self.suffix).lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
            guard descriptor >= 0 else {
                let error = errno
                // It belongs to a server of another user.
                if error == EACCES, access(directory.isEmpty ? "." : directory, W_OK) == 0 { continue }
                throw MetricsFileError(error)
            }
            guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
                let error = errno
                close(descriptor)
                if error == EWOULDBLOCK { continue }
                throw MetricsFileError(error)
            }
            lock = descriptor
            self.label = label
            self.path = "\(directory)\(label)\(Self.suffix)"
            temporaryPath = "\(directory).\(label)\(Self.suffix).tmp"
            return
        }
        throw MetricsFileError("is taken, and so are \(Self.maxFiles - 1) others of this name, by running servers")
    }

    deinit {
        // Ends the lock.
        close(lock)
    }

    /// Replaces the file's content. A reader sees the old content or the new one.
    ///
    /// - Throws: ``MetricsFileError``.
    public func write(_ text: String) throws(MetricsFileError) {
        // A killed process may have left it behind.
        unlink(temporaryPath)
        let descriptor = open(temporaryPath, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, Self.mode)
        guard descriptor >= 0 else { throw MetricsFileError(errno) }
        // The mode passed to open is subject to the umask.
        fchmod(descriptor, Self.mode)
        let isWritten = Descriptors.write(Array(text.utf8), to: descriptor)
        let error = errno
        close(descriptor)
        guard isWritten else {
            unlink(temporaryPath)
            throw MetricsFileError(error)
        }
        guard rename(temporaryPath, path) == 0 else {
            let error = errno
            unlink(temporaryPath)
            throw MetricsFileError(error)
        }
    }
}

/// A file that metrics can't be written to.
public struct MetricsFileError: Error, Sendable, Equatable {
    /// Why, as the rest of a sentence about the file.
    public let problem: String

    init(_ problem: String) {
        self.problem = problem
    }

    init(_ error: Int32) {
        problem =
            switch error {
            case ENOENT, ENOTDIR: "is in a directory that does not exist"
            case EACCES, EPERM, EROFS: "is in a directory that this user cannot write"
            case EISDIR: "is a directory"
            default: "cannot be written: \(SystemError(number: error))"
            }
    }
}
