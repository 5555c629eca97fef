import SystemCalls

/// A directory of this account for what should outlast the server, such as the lists of servers' tools.
public struct StateDirectory: Sendable, Equatable {
    /// Its absolute path.
    public let path: String

    /// A directory, which is created when something is stored in it.
    public init(path: String) {
        self.path = path
    }

    /// The usual directory: `exec-mcp` in `XDG_STATE_HOME`, or in `~/.local/state`; `nil` without a home directory.
    public static func usual(variables: [String: String]) -> StateDirectory? {
        if let state = variables["XDG_STATE_HOME"], state.hasPrefix("/") {
            return StateDirectory(path: "\(state)/exec-mcp")
        }
        guard let home = variables["HOME"], home.hasPrefix("/") else { return nil }
        return StateDirectory(path: "\(home)/.local/state/exec-mcp")
    }

    /// Why the content of a file isn't known.
    enum ReadError: Error, Equatable {
        /// It isn't a regular file that only this account can write, or has too many bytes.
        case unusable
        /// A system call failed, which says nothing of the file.
        case system(SystemError)
    }

    /// Reads a file.
    ///
    /// - Parameter limit: the maximum number of bytes.
    /// - Returns: `nil` if it isn't there.
    /// - Throws: ``ReadError``.
    func content(of name: String, limit: Int) throws(ReadError) -> [UInt8]? {
        let descriptor = open("\(path)/\(name)", O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW)
        guard descriptor >= 0 else {
            switch errno {
            case ENOENT, ENOTDIR: return nil
            // A symbolic link.
            case ELOOP: throw .unusable
            default: throw .system(.last)
            }
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .system(.last) }
        guard status.st_mode & S_IFMT == S_IFREG, status.st_uid == geteuid(), status.st_mode & 0o022 == 0 else {
            throw .unusable
        }
        do {
            return try Descriptors.contents(of: descriptor, limit: limit, waits: false)
        } catch {
            switch error {
            case .tooLong: throw .unusable
            case .system(let error): throw .system(error)
            }
        }
    }

    /// Reads a file; `nil` if it isn't there, or its content isn't known.
    func read(_ name: String, limit: Int) -> [UInt8]? {
        (try? content(of: name, limit: limit)) ?? nil
    }

    /// Writes a file that only this account can read. A reader sees either the old or the new one.
    ///
    /// - Parameters:
    ///   - name: the path below the directory; missing directories are created.
    ///   - isDurable: whether it is on the disk when this returns.
    /// - Returns: whether it was written.
    @discardableResult func write(_ bytes: [UInt8], to name: String, isDurable: Bool = false) -> Bool {
        guard makeDirectories(for: name) else { return false }
        let temporary = "\(path)/\(name).\(UInt64.random(in: 0...UInt64.max))"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { return false }
        let isWritten = Self.writeAll(bytes, to: descriptor) && (!isDurable || fsync(descriptor) == 0)
        guard close(descriptor) == 0, isWritten, rename(temporary, "\(path)/\(name)") == 0 else {
            unlink(temporary)
            return false
        }
        return true
    }

    private static func writeAll(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { systemWrite(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    /// Removes the temporary files of writers that were killed. The caller must hold the file's lock.
    func removeUnfinished(of name: String) {
        let (directory, base) = Self.parts(of: name)
        let names = Files.names(in: "\(path)/\(directory)")
        for other in names where other.hasPrefix("\(base).") {
            let suffix = other.dropFirst(base.count + 1)
            guard !suffix.isEmpty, suffix.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
            else { continue }
            unlink("\(path)/\(directory)\(other)")
        }
    }

    /// Renames a file to one that ends in `.damaged`, and replaces an earlier one.
    ///
    /// - Returns: its new path; `nil` if it isn't there, or can't be renamed.
    func keepAside(_ name: String) -> String? {
        let aside = "\(path)/\(name).damaged"
        return rename("\(path)/\(name)", aside) == 0 ? aside : nil
    }

    /// Returns the directory of a file, with a slash at its end, and the file's own name.
    private static func parts(of name: String) -> (directory: String, name: String) {
        guard let slash = name.lastIndex(of: "/") else { return ("", name) }
        return (String(name[...slash]), String(name[name.index(after: slash)...]))
    }

    /// Creates the directories that a file needs.
    ///
    /// - Returns: whether they are there.
    func makeDirectories(for name: String) -> Bool {
        let whole = "\(path)/\(name)"
        var place = whole.startIndex
        while let slash = whole[place...].dropFirst().firstIndex(of: "/") {
            place = slash
            _ = mkdir(String(whole[..<slash]), 0o700)
        }
        return Files.isDirectory(String(whole[..<place]))
    }

    /// Removes the oldest files of a directory below this one until at most `count` are left.
    func prune(_ directory: String, to count: Int) {
        let place = "\(path)/\(directory)"
        let names = Files.names(in: place)
        guard names.count > count else { return }
        let aged = names.map { name -> (name: String, time: Int) in
            var status = stat()
            return (name, lstat("\(place)/\(name)", &status) == 0 ? Int(status.modificationTime.tv_sec) : 0)
        }
        for (name, _) in aged.sorted(by: { $0.time < $1.time }).prefix(names.count - count) {
            unlink("\(place)/\(name)")
        }
    }
}

#if canImport(Glibc)
    private let systemWrite = Glibc.write
#else
    private let systemWrite = Darwin.write
#endif
