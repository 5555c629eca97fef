import SystemCalls

/// A snapshot of a host's file, and a way to replace its content without data loss.
struct ConfigurationFile {
    /// The maximum size of a file that is read or changed, in bytes.
    static let sizeLimit = 16 << 20

    /// The real path, with symbolic links resolved, so that a link remains a link.
    let path: String
    /// The content of the file as UTF-8; `nil` if the file doesn't exist yet.
    let content: [UInt8]?

    /// The bytes of the file, which may be UTF-16.
    private let bytes: [UInt8]?
    private let status: stat?

    /// Reads the file at an absolute path.
    ///
    /// - Throws: ``ConfigurationError`` if it isn't a regular file, is too large, isn't UTF-8 or can't be read.
    init(reading path: String) throws(ConfigurationError) {
        var link = stat()
        guard lstat(path, &link) == 0 else {
            guard errno == ENOENT || errno == ENOTDIR else { throw .system("cannot access \(path)") }
            self.path = path
            content = nil
            bytes = nil
            status = nil
            return
        }
        guard let resolved = realpath(path, nil) else { throw .system("cannot follow the link \(path)") }
        defer { free(resolved) }
        self.path = String(cString: resolved)
        let (bytes, status) = try Self.read(self.path)
        let content = TextEncoding.utf8(bytes)
        if let place = Self.firstInvalidByte(in: content) {
            throw ConfigurationError("\(path), line \(TextLayout(content).line(at: place)): invalid UTF-8")
        }
        self.content = content
        self.bytes = bytes
        self.status = status
    }

    private static func read(_ path: String) throws(ConfigurationError) -> ([UInt8], stat) {
        // Without O_NONBLOCK, opening a FIFO would wait for its writer.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else { throw .system("cannot open \(path)") }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .system("cannot access \(path)") }
        guard status.st_mode & S_IFMT == S_IFREG else { throw ConfigurationError("\(path) is not a regular file") }
        do throws(Descriptors.ContentsError) {
            return (try Descriptors.contents(of: descriptor, limit: sizeLimit, waits: false), status)
        } catch {
            switch error {
            case .tooLong: throw ConfigurationError("\(path) is larger than \(sizeLimit >> 20) MiB")
            case .system(let reason): throw ConfigurationError("cannot read \(path): \(reason)")
            }
        }
    }

    private static func firstInvalidByte(in bytes: [UInt8]) -> Int? {
        guard String(validating: bytes, as: UTF8.self) == nil else { return nil }
        var decoder = UTF8()
        var iterator = bytes.makeIterator()
        var place = 0
        while case .scalarValue(let scalar) = decoder.decode(&iterator) { place += UTF8.width(scalar) }
        return min(place, bytes.count)
    }
}

// MARK: - Writing

extension ConfigurationFile {
    /// Replaces the content with `text`, after a backup next to the file. The replacement is atomic: a reader sees the
    /// old file or the new one, never a part. Mode, owner and extended attributes (including access control lists) are
    /// preserved.
    ///
    /// A file with hard links, or with attributes that can't be copied to a new file, is overwritten in place instead:
    /// the links keep referring to one file, but a reader may briefly see a part of it.
    ///
    /// - Parameter text: UTF-8; written in the encoding of the file.
    /// - Returns: the path of the backup; `nil` if there was no file.
    /// - Throws: ``ConfigurationError`` if the file can't be written, or if another process has changed it since it was
    ///   read.
    func replace(with text: [UInt8]) throws(ConfigurationError) -> String? {
        let text = TextEncoding(of: bytes ?? []).encoded(text)
        let directory = Self.parent(of: path)
        if let status {
            guard access(path, W_OK) == 0 else { throw .system("cannot write \(path)") }
            guard status.st_nlink == 1 else { return try overwrite(with: text) }
        } else {
            try Self.makeDirectory(directory)
        }
        var template = Array("\(directory)/.exec-mcp-XXXXXX".utf8CString)
        let descriptor = mkstemp(&template)
        guard descriptor >= 0 else { throw .system("cannot write in \(directory)") }
        let temporary = template.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? "" }
        do throws(ConfigurationError) {
            defer { close(descriptor) }
            try keepOwnerAndMode(of: descriptor)
            guard status == nil || FileAttributes.copy(from: path, to: descriptor) else {
                unlink(temporary)
                return try overwrite(with: text)
            }
            try Self.write(text, to: descriptor, temporary)
            guard fsync(descriptor) == 0 else { throw .system("cannot write \(temporary)") }
            try refuseIfChanged()
            let backup = try writeBackup()
            guard rename(temporary, path) == 0 else { throw .system("cannot replace \(path)") }
            return backup
        } catch {
            unlink(temporary)
            throw error
        }
    }

    /// Overwrites the existing file with `text`.
    private func overwrite(with text: [UInt8]) throws(ConfigurationError) -> String? {
        let descriptor = open(path, O_WRONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else { throw .system("cannot write \(path)") }
        defer { close(descriptor) }
        var opened = stat()
        guard fstat(descriptor, &opened) == 0 else { throw .system("cannot access \(path)") }
        try refuseIfChanged()
        guard opened.st_ino == status?.st_ino, opened.st_dev == status?.st_dev else { throw hasChanged }
        let backup = try writeBackup()
        do throws(ConfigurationError) {
            try Self.write(text, to: descriptor, path)
            guard ftruncate(descriptor, off_t(text.count)) == 0, fsync(descriptor) == 0 else {
                throw .system("cannot write \(path)")
            }
        } catch {
            // Restores the old content, which fits even on a full disk.
            if let bytes, lseek(descriptor, 0, SEEK_SET) == 0 {
                try? Self.write(bytes, to: descriptor, path)
                ftruncate(descriptor, off_t(bytes.count))
            }
            throw ConfigurationError("\(error.message); the previous version is in \(backup ?? "")")
        }
        return backup
    }

    private func keepOwnerAndMode(of descriptor: Int32) throws(ConfigurationError) {
        guard let status else {
            // mkstemp creates a file that only its owner may access; other programs would use the umask.
            let mask = umask(0)
            umask(mask)
            fchmod(descriptor, 0o666 & ~mask)
            return
        }
        var new = stat()
        guard fstat(descriptor, &new) == 0 else { throw .system("cannot access the new file for \(path)") }
        if new.st_uid != status.st_uid || new.st_gid != status.st_gid {
            guard fchown(descriptor, status.st_uid, status.st_gid) == 0 else {
                throw .system("cannot keep the owner of \(path)")
            }
        }
        guard fchmod(descriptor, status.st_mode & 0o7777) == 0 else { throw .system("cannot keep the mode of \(path)") }
    }

    /// A running host may write its file at any time, and its changes must not be lost.
    private func refuseIfChanged() throws(ConfigurationError) {
        var now = stat()
        let isThere = lstat(path, &now) == 0
        guard isThere == (status != nil) else { throw hasChanged }
        guard let status else { return }
        guard now.st_ino == status.st_ino, now.st_dev == status.st_dev, now.st_size == status.st_size,
            now.modificationTime.tv_sec == status.modificationTime.tv_sec,
            now.modificationTime.tv_nsec == status.modificationTime.tv_nsec
        else { throw hasChanged }
    }

    private var hasChanged: ConfigurationError { ConfigurationError("\(path) has just been changed; try again") }

    /// Copies the content that was read to a new file. Never overwrites an existing file.
    private func writeBackup() throws(ConfigurationError) -> String? {
        guard let bytes, let status else { return nil }
        let stamp = Self.timeStamp()
        for number in 1...1000 {
            let backup = "\(path).backup-\(stamp)" + (number == 1 ? "" : "-\(number)")
            let mode = status.st_mode & 0o777
            let descriptor = open(backup, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode & 0o700)
            if descriptor < 0 && errno == EEXIST { continue }
            guard descriptor >= 0 else { throw .system("cannot write the backup \(backup)") }
            defer { close(descriptor) }
            try Self.write(bytes, to: descriptor, backup)
            // The file may contain secrets, so the backup must not be readable by anyone who can't read the file. With
            // an access control list, the mode's group bits may grant more than the group really has.
            if fchown(descriptor, status.st_uid, status.st_gid) == 0 {
                fchmod(descriptor, mode)
                if !FileAttributes.copy(from: path, to: descriptor) { fchmod(descriptor, mode & 0o700) }
            }
            guard fsync(descriptor) == 0 else { throw .system("cannot write the backup \(backup)") }
            return backup
        }
        throw ConfigurationError("too many backups of \(path)")
    }

    private static func write(
        _ bytes: [UInt8], to descriptor: Int32, _ path: String
    ) throws(ConfigurationError) {
        guard Descriptors.write(bytes, to: descriptor) else { throw .system("cannot write \(path)") }
    }

    /// Creates a directory and its parents.
    private static func makeDirectory(_ path: String) throws(ConfigurationError) {
        guard mkdir(path, 0o777) != 0, errno != EEXIST else { return }
        guard errno == ENOENT, path.count > 1 else { throw .system("cannot create the directory \(path)") }
        try makeDirectory(parent(of: path))
        guard mkdir(path, 0o777) == 0 || errno == EEXIST else { throw .system("cannot create the directory \(path)") }
    }

    private static func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return "/" }
        return String(path[..<slash])
    }

    /// Returns the local time as `YYYYMMDD-HHMMSS`.
    private static func timeStamp() -> String {
        var now = time(nil)
        var parts = tm()
        localtime_r(&now, &parts)
        var text = [CChar](repeating: 0, count: 32)
        strftime(&text, text.count, "%Y%m%d-%H%M%S", &parts)
        return text.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? "" }
    }
}
