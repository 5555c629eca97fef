import Hashing
import JSON
import SystemCalls

/// Keeps conversations in files that only this account can read: one of each conversation, in a directory of each user.
///
/// A file is replaced as a whole when a turn ends, so that a reader sees either the old or the new one. A turn that
/// starts is appended, and so are its events. What a killed program was writing is ignored when the file is read again.
final class FileStorage: ConversationStorage {
    private static let ending = ".log"
    private static let damagedEnding = ".damaged"
    /// Maximum number of users.
    private static let maxUsers = 2000

    private let path: String
    private let conversationLimit: Int
    private let log: @Sendable (String) -> Void
    /// Locked as long as the object lives.
    private let lock: Int32
    /// The file of the turn that runs, by conversation.
    private var journals: [String: Int32] = [:]

    /// Opens a directory, which is created if necessary.
    ///
    /// - Parameters:
    ///   - path: its absolute path.
    ///   - conversationLimit: maximum size of one conversation in bytes.
    ///   - log: receives messages for the operator.
    /// - Throws: ``ConversationStorageError`` if it cannot be used, or if another program uses it.
    init(
        path: String, conversationLimit: Int = 16 << 20, log: @escaping @Sendable (String) -> Void
    ) throws(ConversationStorageError) {
        let names = Files.names(in: path)
        // The permissions of a directory with other files, such as /tmp, are not changed.
        guard Self.makeDirectory(path, mayRestrict: names.isEmpty || names.contains("lock")) else {
            throw ConversationStorageError(
                message: "\(path) cannot be used for conversations: it must be a directory of this account, "
                    + "either empty or without access for others")
        }
        lock = open("\(path)/lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0o600)
        guard lock >= 0 else {
            throw ConversationStorageError(message: "\(path) cannot be written: \(SystemError.last)")
        }
        self.path = path
        self.conversationLimit = conversationLimit
        self.log = log
        guard retryingInterrupts({ flock(lock, LOCK_EX | LOCK_NB) }) == 0 else {
            throw ConversationStorageError(message: "another exec-agent uses \(path)")
        }
    }

    deinit {
        for journal in journals.values { close(journal) }
        if lock >= 0 { close(lock) }
    }

    // MARK: - Reading

    func summaries(of user: String) -> [PageConversation.Summary] {
        let directory = directory(of: user)
        return Files.names(in: directory).compactMap { name in
            guard name.hasSuffix(Self.ending), PageConversation.isID(String(name.dropLast(Self.ending.count))) else {
                // What a killed program left.
                if name.hasSuffix(Self.temporaryEnding) { unlink("\(directory)/\(name)") }
                return nil
            }
            let file = "\(directory)/\(name)"
            guard let beginning = Self.read(file, limit: ConversationRecords.maxHead, isWhole: false) else {
                return nil
            }
            guard let summary = ConversationRecords.summary(in: beginning), name == summary.id + Self.ending else {
                setAside(file, "its beginning is damaged")
                return nil
            }
            return summary
        }
    }

    func read(_ id: String, of user: String) -> PageConversation? {
        let file = file(id, user)
        // Events of a turn come on top of what the limit is for.
        guard let bytes = Self.read(file, limit: 4 * conversationLimit, isWhole: true) else { return nil }
        guard let content = ConversationRecords.content(of: bytes), content.conversation.id == id else {
            setAside(file, "its beginning is damaged")
            return nil
        }
        if content.isDamaged {
            setAside(file, "a part of it is damaged; the rest is used")
            _ = try? write(content.conversation, of: user)
        }
        return content.conversation
    }

    /// Keeps a damaged file under another name.
    private func setAside(_ file: String, _ problem: String) {
        guard rename(file, file + Self.damagedEnding) == 0 else { return }
        log("the conversation \(file): \(problem). The file is kept as \(file + Self.damagedEnding)")
    }

    private static func read(_ file: String, limit: Int, isWhole: Bool) -> [UInt8]? {
        let descriptor = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        guard isOurs(descriptor) else { return nil }
        guard !isWhole else { return Descriptors.readAll(from: descriptor, limit: limit) }
        var beginning = [UInt8](repeating: 0, count: limit)
        let count = beginning.withUnsafeMutableBytes { Descriptors.readSome(descriptor, $0) }
        return count < 0 ? nil : Array(beginning[..<count])
    }

    // MARK: - Writing

    @discardableResult
    func write(
        _ conversation: PageConversation, of user: String
    ) throws(ConversationStorageError) -> [ConversationKey] {
        if let journal = journals.removeValue(forKey: conversation.id) { close(journal) }
        let directory = directory(of: user)
        guard Files.isDirectory(directory) || Files.names(in: path).count < Self.maxUsers else {
            throw ConversationStorageError(message: "there are conversations of \(Self.maxUsers) users already")
        }
        let file = file(conversation.id, user)
        let temporary = file + Self.temporaryEnding
        let bytes = ConversationRecords.bytes(of: conversation, limit: conversationLimit)
        // A new conversation has nothing to lose.
        let isDurable = conversation.turns.count > 1 || conversation.turns.last?.state != .running
        guard Self.makeDirectory(directory, mayRestrict: true), Self.write(bytes, to: temporary, isDurable: isDurable),
            rename(temporary, file) == 0
        else {
            let error = SystemError.last
            unlink(temporary)
            throw ConversationStorageError(message: "\(file) cannot be written: \(error)")
        }
        guard conversation.turns.last?.state == .running else { return [] }
        let journal = open(file, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW)
        if journal >= 0 { journals[conversation.id] = journal }
        return []
    }

    /// Appends the turn, so that nothing has to be on the disk before the run starts.
    @discardableResult
    func start(
        _ conversation: PageConversation, of user: String
    ) throws(ConversationStorageError) -> [ConversationKey] {
        let file = file(conversation.id, user)
        let journal = open(file, O_WRONLY | O_APPEND | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW)
        var status = stat()
        // On a line of its own, even if the file ends with a part of a record, which a killed program left.
        guard let turn = conversation.turns.last, journal >= 0, Self.isOurs(journal), fstat(journal, &status) == 0,
            Descriptors.write([0x0A] + ConversationRecords.bytes(of: turn), to: journal)
        else {
            if journal >= 0 {
                // A part of it must not be in the way of the next one.
                if status.st_size > 0 { ftruncate(journal, status.st_size) }
                close(journal)
            }
            return try write(conversation, of: user)
        }
        if let old = journals.updateValue(journal, forKey: conversation.id) { close(old) }
        return []
    }

    func append(_ event: JSONObject, to id: String, of user: String) {
        guard let journal = journals[id] else { return }
        var status = stat()
        // The rest of the events is kept when the turn ends.
        guard fstat(journal, &status) == 0, status.st_size < 3 * conversationLimit else { return }
        Descriptors.write(ConversationRecords.bytes(of: event), to: journal)
    }

    func remove(_ id: String, of user: String) {
        if let journal = journals.removeValue(forKey: id) { close(journal) }
        let file = file(id, user)
        unlink(file)
        unlink(file + Self.damagedEnding)
    }

    private static func write(_ bytes: [UInt8], to file: String, isDurable: Bool) -> Bool {
        unlink(file)
        let descriptor = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { return false }
        // The umask may have removed permissions of the owner.
        let isWritten =
            fchmod(descriptor, 0o600) == 0 && Descriptors.write(bytes, to: descriptor)
            && (!isDurable || fsync(descriptor) == 0)
        let error = errno
        close(descriptor)
        errno = error
        return isWritten
    }

    // MARK: - Places

    private static let temporaryEnding = ".new"

    private func directory(of user: String) -> String {
        // Not the name itself: on some file systems two names that differ in case are one file.
        "\(path)/\(SHA256.hexDigest(of: user))"
    }

    /// - Parameter id: see ``PageConversation/isID(_:)``.
    private func file(_ id: String, _ user: String) -> String { "\(directory(of: user))/\(id)\(Self.ending)" }

    /// Creates a directory and those above it.
    ///
    /// - Parameter mayRestrict: whether others' access to an existing directory is removed.
    /// - Returns: whether it exists, belongs to this account, and only this account has access.
    private static func makeDirectory(_ path: String, mayRestrict: Bool) -> Bool {
        guard path.hasPrefix("/") else { return false }
        var made = ""
        for part in path.split(separator: "/") {
            made += "/\(part)"
            mkdir(made, 0o700)
        }
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_uid == geteuid() else { return false }
        return status.st_mode & 0o077 == 0 || (mayRestrict && fchmod(descriptor, 0o700) == 0)
    }

    private static func isOurs(_ descriptor: Int32) -> Bool {
        var status = stat()
        return fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG && status.st_uid == geteuid()
    }
}
