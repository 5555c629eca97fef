import SystemCalls

/// Persistent input history: one entry per line, with line ends and backslashes escaped. Several programs may write to
/// it at once. All errors are ignored.
struct HistoryFile: Sendable, Equatable {
    /// Maximum size of a stored entry in bytes.
    static let entryLimit = 64 << 10
    /// The size, and the number of lines, to which the file is trimmed by dropping the oldest entries. It is only
    /// trimmed once it exceeds twice that.
    static let sizeLimit = InputHistory.byteLimit
    static let lineLimit = InputHistory.entryLimit

    let path: String

    init(path: String) {
        self.path = path
    }

    /// The default path; `nil` if there is no home directory.
    init?(environment: [String: String]) {
        guard let path = StatePath.of("history", environment: environment) else { return nil }
        self.path = path
    }

    /// Returns the entries, oldest first; none if the file cannot be read. Blocks the calling thread.
    func entries() -> [String] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return [] }
        defer { close(descriptor) }
        guard Self.isOurs(descriptor), let content = Self.tail(of: descriptor) else { return [] }
        return Self.lines(of: content).suffix(Self.lineLimit).map(Self.entry)
    }

    /// Appends an entry. Blocks the calling thread.
    func add(_ entry: String) {
        guard entry.utf8.count <= Self.entryLimit, let descriptor = openLocked() else { return }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return }
        var line = Array(Self.line(of: entry).utf8)
        // Another program's last line may have been cut off.
        if status.st_size > 0, Self.last(of: descriptor, at: status.st_size) != 0x0A { line.insert(0x0A, at: 0) }
        guard Descriptors.write(line, to: descriptor) else { return }
        trim(descriptor)
    }

    // MARK: The file

    /// Opens the file for reading and appending, with an exclusive lock.
    private func openLocked() -> Int32? {
        makeDirectory()
        // Another program may replace the file in between.
        for _ in 0..<100 {
            let descriptor = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0o600)
            guard descriptor >= 0 else { return nil }
            var (opened, there) = (stat(), stat())
            if Self.isOurs(descriptor), Self.lock(descriptor), fstat(descriptor, &opened) == 0 {
                if stat(path, &there) == 0, opened.st_dev == there.st_dev, opened.st_ino == there.st_ino {
                    // It may have been created readable to others.
                    if opened.st_mode & 0o077 != 0 { fchmod(descriptor, 0o600) }
                    return descriptor
                }
                close(descriptor)
            } else {
                close(descriptor)
                return nil
            }
        }
        return nil
    }

    private static func lock(_ descriptor: Int32) -> Bool {
        while flock(descriptor, LOCK_EX) != 0 {
            guard errno == EINTR else { return false }
        }
        return true
    }

    /// Whether it is a regular file owned by this user: a device or a pipe could block.
    private static func isOurs(_ descriptor: Int32) -> Bool {
        var status = stat()
        return fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG && status.st_uid == geteuid()
    }

    private func makeDirectory() {
        var made = ""
        for part in path.split(separator: "/").dropLast() {
            made += "/\(part)"
            mkdir(path.hasPrefix("/") ? made : String(made.dropFirst()), 0o700)
        }
    }

    /// Trims the file to the newest entries once it is too long.
    private func trim(_ descriptor: Int32) {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return }
        // A line has at least two bytes.
        guard status.st_size > 2 * Self.lineLimit, let content = Self.tail(of: descriptor) else { return }
        let lines = Self.lines(of: content)
        guard status.st_size > 2 * Self.sizeLimit || lines.count > 2 * Self.lineLimit else { return }
        let kept = lines.suffix(Self.lineLimit).joined(separator: [0x0A]) + [0x0A]
        let target = Self.target(of: path)
        let new = "\(target).\(getpid())"
        unlink(new)
        let copy = open(new, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard copy >= 0 else { return }
        let isWritten = Descriptors.write(Array(kept), to: copy)
        close(copy)
        if !isWritten || rename(new, target) != 0 { unlink(new) }
    }

    /// Resolves the path if it is a symbolic link.
    private static func target(of path: String) -> String {
        guard let real = realpath(path, nil) else { return path }
        defer { free(real) }
        return String(cString: real)
    }

    /// Returns the last ``sizeLimit`` bytes of the file, starting at a line boundary.
    private static func tail(of descriptor: Int32) -> ArraySlice<UInt8>? {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return nil }
        let start = max(0, Int(status.st_size) - sizeLimit)
        var content = [UInt8](repeating: 0, count: min(Int(status.st_size), sizeLimit))
        var count = 0
        while count < content.count {
            let read = content.withUnsafeMutableBytes { buffer in
                pread(descriptor, buffer.baseAddress?.advanced(by: count), buffer.count - count, off_t(start + count))
            }
            if read < 0 && errno == EINTR { continue }
            guard read >= 0 else { return nil }
            if read == 0 { break }
            count += read
        }
        let all = content[..<count]
        guard start > 0 else { return all }
        return all.drop { $0 != 0x0A }.dropFirst()
    }

    private static func last(of descriptor: Int32, at size: off_t) -> UInt8? {
        var byte: UInt8 = 0
        return pread(descriptor, &byte, 1, size - 1) == 1 ? byte : nil
    }

    // MARK: Its lines

    private static func lines(of content: ArraySlice<UInt8>) -> [ArraySlice<UInt8>] {
        content.split(separator: 0x0A).filter { $0.count <= 2 * entryLimit }
    }

    private static func line(of entry: String) -> String {
        var line = ""
        for scalar in entry.unicodeScalars {
            switch scalar {
            case "\n": line += "\\n"
            case "\\": line += "\\\\"
            default: line.unicodeScalars.append(scalar)
            }
        }
        return line + "\n"
    }

    private static func entry(_ line: ArraySlice<UInt8>) -> String {
        var entry: [UInt8] = []
        var isEscaped = false
        for byte in line {
            if isEscaped {
                entry.append(byte == UInt8(ascii: "n") ? 0x0A : byte)
                isEscaped = false
            } else if byte == UInt8(ascii: "\\") {
                isEscaped = true
            } else {
                entry.append(byte)
            }
        }
        return SanitizedText.of(String(decoding: entry, as: UTF8.self))
    }
}
