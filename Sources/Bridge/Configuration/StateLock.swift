import SystemCalls

extension StateDirectory {
    /// Runs `body` while no other process, and no other task of this one, holds the lock of a file below the directory.
    /// `body` must not wait for a person.
    ///
    /// - Parameters:
    ///   - name: the path of the file that `body` changes.
    ///   - seconds: how long to wait for others.
    /// - Returns: `nil` if the lock can't be had.
    func locked<Value>(_ name: String, seconds: Double = 30, _ body: () -> Value) async -> Value? {
        guard makeDirectories(for: name) else { return nil }
        let descriptor = open("\(path)/\(name).lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { return nil }
        // Also ends the lock.
        defer { close(descriptor) }
        let start = ContinuousClock.now
        // Not a wait in the kernel: it would block a thread that all tasks share.
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            guard errno == EWOULDBLOCK || errno == EINTR, start.duration(to: .now) < .seconds(seconds),
                (try? await Task.sleep(for: .milliseconds(20))) != nil
            else { return nil }
        }
        return body()
    }
}
