import SystemCalls

/// A file in a ``StateDirectory`` that several processes of this account read and change.
struct StateFile: Sendable {
    /// Tells one version of a file from another.
    struct Version: Sendable, Equatable {
        private let numbers: [Int]

        fileprivate init(_ status: stat) {
            let time = status.modificationTime
            numbers = [Int(status.st_ino), Int(status.st_size), Int(time.tv_sec), Int(time.tv_nsec)]
        }
    }

    let directory: StateDirectory
    /// The path below the directory.
    let name: String

    /// The version that is there now; `nil` if there is no file.
    var version: Version? {
        var status = stat()
        return lstat("\(directory.path)/\(name)", &status) == 0 ? Version(status) : nil
    }

    /// Reads it: see ``StateDirectory/content(of:limit:)``.
    func content(limit: Int) throws(StateDirectory.ReadError) -> [UInt8]? {
        try directory.content(of: name, limit: limit)
    }

    /// Reads it: see ``StateDirectory/read(_:limit:)``.
    func read(limit: Int) -> [UInt8]? {
        directory.read(name, limit: limit)
    }

    /// Runs `body`, which reads and writes the file, while no other process does so with a file of the same directory.
    /// Blocks the calling thread for as long as another process needs for that.
    ///
    /// - Returns: what `body` returns; `nil`, without running it, if nothing can be written here.
    func exclusively<Value>(_ body: () -> Value) -> Value? {
        let lock = "\(name.prefix { $0 != "/" }).lock"
        guard directory.makeDirectories(for: lock) else { return nil }
        let descriptor = open(
            "\(directory.path)/\(lock)", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0o600)
        guard descriptor >= 0 else { return nil }
        // Ends the lock too.
        defer { close(descriptor) }
        while flock(descriptor, LOCK_EX) != 0 {
            guard errno == EINTR else { return nil }
        }
        directory.removeUnfinished(of: name)
        return body()
    }

    /// Writes it to the disk: see ``StateDirectory/write(_:to:isDurable:)``.
    func write(_ bytes: [UInt8]) -> Bool {
        directory.write(bytes, to: name, isDurable: true)
    }
}
