import SystemCalls

/// A file could not be written.
struct OutputError: Error, Sendable, Equatable, CustomStringConvertible {
    let description: String
}

/// A local directory for saved files. Never changes an existing file.
struct OutputDirectory: Sendable, Equatable {
    /// The path of the directory.
    let path: String

    /// Maximum number of names tried for a file whose name is taken.
    private static let maxNumbers = 1000

    /// Saves a file under a safe form of `name`. If the name is taken by different content, a number is added; if the
    /// same content is already there, nothing is written. Blocks the calling thread.
    ///
    /// - Returns: the path of the file.
    /// - Throws: ``OutputError``.
    func save(_ bytes: [UInt8], as name: String) throws(OutputError) -> String {
        try make()
        let safe = SafeFileName.of(name)
        for number in 1...Self.maxNumbers {
            let file = "\(path)/\(number == 1 ? safe : SafeFileName.numbered(safe, number))"
            if try create(file, bytes) { return file }
            if isFile(file), Files.read(file, limit: bytes.count) == bytes { return file }
        }
        throw OutputError(
            description: "cannot save \(safe): there are \(Self.maxNumbers) files of that name in \(path)")
    }

    /// Writes a new file, and fails if it exists. Blocks the calling thread.
    ///
    /// - Throws: ``OutputError``.
    static func write(_ bytes: [UInt8], toNewFile file: String) throws(OutputError) {
        guard try create(file, bytes) else {
            throw OutputError(description: "cannot write \(file): the file already exists")
        }
    }

    /// Creates the directory and missing parents.
    private func make() throws(OutputError) {
        var made = path.hasPrefix("/") ? "/" : ""
        for part in path.split(separator: "/") {
            made += "\(part)/"
            guard mkdir(made, 0o755) != 0, errno != EEXIST else { continue }
            // For an existing parent, `mkdir` may fail with an error other than EEXIST, such as missing permission.
            var status = stat()
            guard stat(made, &status) == 0 else { throw Self.failure("cannot make the directory \(path)") }
        }
    }

    /// - Returns: false if the file exists.
    private static func create(_ file: String, _ bytes: [UInt8]) throws(OutputError) -> Bool {
        // A symbolic link counts as a taken name, wherever it leads.
        let descriptor = open(file, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            if errno == EEXIST || errno == ELOOP { return false }
            throw failure("cannot write \(file)")
        }
        defer { close(descriptor) }
        guard Descriptors.write(bytes, to: descriptor) else {
            let error = failure("cannot write \(file)")
            unlink(file)
            throw error
        }
        return true
    }

    private func create(_ file: String, _ bytes: [UInt8]) throws(OutputError) -> Bool {
        try Self.create(file, bytes)
    }

    private func isFile(_ file: String) -> Bool {
        var status = stat()
        return lstat(file, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    }

    private static func failure(_ what: String) -> OutputError {
        OutputError(description: "\(what): \(String(cString: strerror(errno)))")
    }
}
