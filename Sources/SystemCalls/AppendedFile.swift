#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A regular file of this account that lines are appended to. Several programs may share it: each line is one `write`
/// in append mode. Closed when the object is released.
public final class AppendedFile: Sendable {
    private static let ownersOnly: mode_t = 0o600

    private let descriptor: Int32
    /// Whether the file existed before and ends within a line, because its writer was interrupted.
    public let endsWithinLine: Bool

    /// Opens the file, or creates one that only the current user may read. Follows no symbolic link.
    ///
    /// - Throws: ``AppendedFileError`` if it isn't a writable regular file that belongs to the current user.
    public init(path: String) throws(AppendedFileError) {
        let descriptor = try Self.open(path)
        do throws(AppendedFileError) {
            try Self.check(descriptor)
        } catch {
            // `deinit` doesn't run for an object that isn't fully initialized.
            close(descriptor)
            throw error
        }
        self.descriptor = descriptor
        endsWithinLine = Self.endsWithinLine(path)
    }

    deinit {
        close(descriptor)
    }

    /// Whether other users may read or write it.
    public var isOpenToOthers: Bool {
        var status = stat()
        return fstat(descriptor, &status) == 0 && status.st_mode & 0o066 != 0
    }

    /// Its size in bytes; 0 if unknown.
    public var size: Int {
        var status = stat()
        return fstat(descriptor, &status) == 0 ? Int(status.st_size) : 0
    }

    /// Appends bytes with a single `write`.
    ///
    /// - Returns: how many were written, and the error if not all were; a full disk cuts a line.
    public func append(_ bytes: [UInt8]) -> (count: Int, error: SystemError?) {
        let count = bytes.withUnsafeBytes { Descriptors.writeSome(descriptor, $0) }
        guard count < bytes.count else { return (count, nil) }
        return (max(count, 0), count < 0 ? .last : SystemError(number: ENOSPC))
    }

    private static func open(_ path: String) throws(AppendedFileError) -> Int32 {
        // Follows no symbolic link and doesn't wait for the other end of a FIFO.
        let flags = O_WRONLY | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC
        let made = openFile(path, flags | O_CREAT | O_EXCL)
        if made >= 0 {
            // The mode passed to open is subject to the umask, which may remove the owner's permissions too.
            fchmod(made, ownersOnly)
            return made
        }
        guard errno == EEXIST else { throw AppendedFileError(errno) }
        let found = openFile(path, flags)
        guard found >= 0 else { throw AppendedFileError(errno) }
        return found
    }

    private static func openFile(_ path: String, _ flags: Int32) -> Int32 {
        #if canImport(Glibc)
            Glibc.open(path, flags, ownersOnly)
        #else
            Darwin.open(path, flags, ownersOnly)
        #endif
    }

    private static func check(_ descriptor: Int32) throws(AppendedFileError) {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw AppendedFileError(errno) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw AppendedFileError("is not a regular file") }
        guard status.st_uid == geteuid() else { throw AppendedFileError("belongs to another user") }
    }

    private static func endsWithinLine(_ path: String) -> Bool {
        let descriptor = openFile(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var last: UInt8 = 0
        guard lseek(descriptor, -1, SEEK_END) >= 0, read(descriptor, &last, 1) == 1 else { return false }
        return last != UInt8(ascii: "\n")
    }
}

/// A file that lines can't be appended to.
public struct AppendedFileError: Error, Sendable, Equatable {
    /// Why, as the rest of a sentence about the file.
    public let problem: String

    init(_ problem: String) {
        self.problem = problem
    }

    init(_ error: Int32) {
        problem =
            switch error {
            case EISDIR: "is a directory"
            case ELOOP: "is a link, or its path has too many links"
            case ENXIO: "is not a regular file"
            case ENOENT, ENOTDIR: "is in a directory that does not exist"
            case EACCES, EPERM, EROFS: "is not writable by this user"
            default: "cannot be opened: \(String(cString: strerror(error)))"
            }
    }
}
