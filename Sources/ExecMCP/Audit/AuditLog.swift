import CommandOptions
import Diagnostics
import ExecCore
import Threading

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// An append-only file with one line for each call.
///
/// Each line is one `write` in append mode, so that several servers can share a file. If a line can't be written, it is
/// lost; the program's log reports this once, and no call fails because of it.
final class AuditLog: Sendable {
    private struct State {
        /// Whether the file ends with an incomplete line.
        var isTorn: Bool
        var hasFailed = false
    }

    private let descriptor: Int32
    private let path: String
    private let logger: Logger
    private let state: Locked<State>
    private let openCalls = ConditionLocked(0)

    /// Opens the file, or creates one that only the current user may read.
    ///
    /// - Throws: ``UsageError`` if it isn't a writable regular file owned by the current user.
    init(path: String, logger: Logger) throws(UsageError) {
        self.path = path
        self.logger = logger
        descriptor = try Self.open(path)
        do throws(UsageError) {
            try Self.check(descriptor, path, logger)
        } catch {
            // `deinit` doesn't run for an object that isn't fully initialized.
            close(descriptor)
            throw error
        }
        state = Locked(State(isTorn: Self.endsWithinLine(path)))
    }

    deinit {
        close(descriptor)
    }

    /// Counts a call that needs a line.
    func begin() {
        openCalls.change { $0 += 1 }
    }

    /// Writes the line of a call counted by ``begin()``.
    ///
    /// - Parameter line: the line without its line end.
    func end(_ line: [UInt8]) {
        append(line)
        openCalls.change { $0 -= 1 }
    }

    /// Waits until every call counted by ``begin()`` has its line. Blocks the calling thread.
    func waitForEnd() {
        openCalls.wait { $0 == 0 ? () : nil }
    }

    private func append(_ line: [UInt8]) {
        // The lock is held while writing: the next write needs to know whether this line is incomplete.
        let failure: Int32? = state.withLock { state in
            let bytes = (state.isTorn ? [UInt8(ascii: "\n")] : []) + line + [UInt8(ascii: "\n")]
            var count: Int
            repeat { count = write(descriptor, bytes, bytes.count) } while count < 0 && errno == EINTR
            let error = count < 0 ? errno : ENOSPC
            guard count < bytes.count else {
                state.isTorn = false
                return nil
            }
            if count > 0 { state.isTorn = true }
            defer { state.hasFailed = true }
            return state.hasFailed ? nil : error
        }
        guard let failure else { return }
        logger.error(
            """
            cannot write to the audit log \(path): \(String(cString: strerror(failure))). Calls go on; those that \
            cannot be recorded are lost to it, and this is not said again.
            """)
    }
}

extension AuditLog {
    private static func open(_ path: String) throws(UsageError) -> Int32 {
        // Follows no symbolic link and doesn't wait for the other end of a FIFO.
        let flags = O_WRONLY | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC
        let made = openFile(path, flags | O_CREAT | O_EXCL)
        if made >= 0 {
            // The mode passed to open is subject to the umask, which may remove the owner's permissions too.
            fchmod(made, ownersOnly)
            return made
        }
        guard errno == EEXIST else { throw refusal(path, errno) }
        let found = openFile(path, flags)
        guard found >= 0 else { throw refusal(path, errno) }
        return found
    }

    private static let ownersOnly: mode_t = 0o600

    private static func openFile(_ path: String, _ flags: Int32) -> Int32 {
        #if canImport(Glibc)
            Glibc.open(path, flags, ownersOnly)
        #else
            Darwin.open(path, flags, ownersOnly)
        #endif
    }

    private static func check(_ descriptor: Int32, _ path: String, _ logger: Logger) throws(UsageError) {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw refusal(path, errno) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw refusal(path, "is no regular file") }
        guard status.st_uid == geteuid() else { throw refusal(path, "belongs to another user") }
        if status.st_mode & 0o066 != 0 {
            logger.warning("other users may read or write the audit log \(path): chmod 600 is better")
        }
    }

    /// Whether the last line is incomplete because its writer was interrupted, by a full disk or a power failure.
    private static func endsWithinLine(_ path: String) -> Bool {
        let descriptor = openFile(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var last: UInt8 = 0
        guard lseek(descriptor, -1, SEEK_END) >= 0, read(descriptor, &last, 1) == 1 else { return false }
        return last != UInt8(ascii: "\n")
    }

    private static func refusal(_ path: String, _ error: Int32) -> UsageError {
        switch error {
        case EISDIR: refusal(path, "is a directory")
        case ELOOP: refusal(path, "is a link, or there are too many on the way to it")
        case ENXIO: refusal(path, "is no regular file")
        case ENOENT, ENOTDIR: refusal(path, "is in a directory that is not there")
        case EACCES, EPERM, EROFS: refusal(path, "may not be written by this user")
        default: refusal(path, "cannot be opened: \(String(cString: strerror(error)))")
        }
    }

    private static func refusal(_ path: String, _ problem: String) -> UsageError {
        UsageError(
            message: """
                --audit-log (MCP_EXECUTOR_AUDIT_LOG) cannot use '\(path.singleLine(limit: 200))': it \(problem)
                """)
    }
}
