import SystemCalls

/// A lock file that stays locked while any process holds a sandbox's pipes. The lock passes from process to process
/// with the descriptor, and the system releases it with the last copy. So a container can be recognized as in use even
/// if the server that started it is gone.
struct HoldMark: Sendable {
    private static let suffix = ".held"
    /// The age, in seconds, from which a mark that nobody holds is removed. A new one may not be locked yet.
    private static let staleSeconds = 600

    /// The open, locked file. The owner of this value closes it.
    let descriptor: Int32

    /// Creates the mark of a container, before the container is started.
    ///
    /// - Returns: `nil` if it cannot be created.
    static func make(for container: String, in directory: LingerDirectory) -> HoldMark? {
        let path = directory.file(container + suffix)
        let descriptor = open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { return nil }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            unlink(path)
            return nil
        }
        return HoldMark(descriptor: descriptor)
    }

    /// Whether any process holds the pipes of a container.
    static func isHeld(_ container: String, in directories: [LingerDirectory] = LingerDirectory.existing()) -> Bool {
        directories.contains { isLocked($0.file(container + suffix)) }
    }

    /// Removes a mark, whether held or not.
    static func remove(of container: String, in directory: LingerDirectory) {
        directory.remove(container + suffix)
    }

    /// Removes marks that killed processes left behind.
    static func tidy(_ directory: LingerDirectory) {
        for name in directory.names() where name.hasSuffix(suffix) {
            guard directory.age(of: name) >= staleSeconds, !isLocked(directory.file(name)) else { continue }
            directory.remove(name)
        }
    }

    private static func isLocked(_ path: String) -> Bool {
        let descriptor = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        // A shared lock, so that two processes that check at the same time don't take each other for a holder.
        return flock(descriptor, LOCK_SH | LOCK_NB) != 0
    }

    /// The value of the label ``Owner/lingerLabel`` for a container with a mark: the mark's account and the
    /// container's name.
    static func labelValue(for container: String) -> String { "\(geteuid())/\(container)" }

    /// Whether no process holds the container of a dead owner, judged by its label's value. A mark of another account
    /// cannot be checked, and counts as held.
    static func isOrphan(labelValue: String, in directories: @autoclosure () -> [LingerDirectory]) -> Bool {
        guard !labelValue.isEmpty else { return true }
        let parts = labelValue.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, UInt32(parts[0]) == geteuid(), SandboxSpec.isName(String(parts[1])) else {
            return false
        }
        return !isHeld(String(parts[1]), in: directories())
    }
}
