import SystemCalls

/// A file that is locked for as long as any process has a sandbox's pipes: the lock goes with the descriptor from one to
/// the next, and the system ends it with the last of them. So it can be seen that a container is no orphan, though the
/// server that started it is gone.
struct HoldMark: Sendable {
    private static let suffix = ".held"
    /// A mark that nobody holds is removed when it is so old, in seconds. A new one may not be locked yet.
    private static let staleSeconds = 600

    /// The open file. Whoever holds this closes it.
    let descriptor: Int32

    /// Makes the mark of a container, before it is started.
    ///
    /// - Returns: `nil` where that cannot be.
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

    /// Removes a mark, held or not.
    static func remove(of container: String, in directory: LingerDirectory) {
        directory.remove(container + suffix)
    }

    /// Removes marks that killed processes left.
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
        // Shared, so that two that look at the same time do not take each other for a holder.
        return flock(descriptor, LOCK_SH | LOCK_NB) != 0
    }

    /// What the label ``Owner/lingerLabel`` says of a container with a mark: whose the mark is, and its name.
    static func labelValue(for container: String) -> String { "\(geteuid())/\(container)" }

    /// Whether nobody holds a container of a dead owner, by the value of its label. One of another account cannot be
    /// judged, and counts as held.
    static func isOrphan(labelValue: String, in directories: @autoclosure () -> [LingerDirectory]) -> Bool {
        guard !labelValue.isEmpty else { return true }
        let parts = labelValue.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, UInt32(parts[0]) == geteuid(), SandboxSpec.isName(String(parts[1])) else {
            return false
        }
        return !isHeld(String(parts[1]), in: directories())
    }
}
