import SystemCalls
import Threading

/// The uploaded files of all users, in memory. Limited in number, bytes and age.
final class FileStore: Sendable {
    private let seconds: Double
    private let maxUserBytes: Int
    private let store: BoundedStore<UploadedFile>
    private let lastNumber = Locked(0)

    /// - Parameters:
    ///   - seconds: how long an unused file is kept.
    ///   - maxBytes: the maximum size of all files.
    ///   - maxUserBytes: that of one user's.
    init(seconds: Double, maxCount: Int, maxBytes: Int, maxUserBytes: Int) {
        self.seconds = seconds
        self.maxUserBytes = maxUserBytes
        store = BoundedStore(seconds: seconds, maxCount: maxCount, maxBytes: maxBytes)
    }

    /// Keeps a file.
    ///
    /// - Throws: ``APIRequestError`` if its user has too many bytes here.
    func add(
        _ bytes: [UInt8], name: String, mediaType: String, purpose: String, of user: String?
    ) throws(APIRequestError) -> UploadedFile {
        let now = time(nil)
        // In the lock, so that uploads at the same time don't exceed the limit together.
        let added = lastNumber.withLock { last -> UploadedFile? in
            let used = store.values { $0.user == user }.reduce(0) { $0 + $1.bytes.count }
            guard used + bytes.count <= maxUserBytes else { return nil }
            last += 1
            let file = UploadedFile(
                id: "file-\(RandomWord.make(24))", user: user, name: name, mediaType: mediaType, purpose: purpose,
                created: now, expires: now + Int(seconds), number: last, bytes: bytes)
            store.keep(file, bytes: bytes.count + 1024, as: file.id)
            return file
        }
        guard let added else {
            throw APIRequestError(
                413, "The uploaded files of a user have at most \(maxUserBytes) bytes: delete some.", param: "file",
                code: "too_many_files")
        }
        return added
    }

    /// Returns a file; `nil` if the user owns nothing with this id. A file of nobody can be used by everybody who knows its
    /// id.
    ///
    /// - Parameter user: `nil` if the request names none: then the id is enough.
    func file(_ id: String, of user: String?) -> UploadedFile? {
        guard let file = store.value(id, isUse: true) else { return nil }
        return user == nil || file.user == nil || file.user == user ? file : nil
    }

    /// Returns the files of a user, the oldest first; those of nobody for `nil`.
    func files(of user: String?) -> [UploadedFile] {
        store.values { $0.user == user }.sorted { $0.number < $1.number }
    }

    /// Forgets a file.
    ///
    /// - Returns: whether there was one.
    func delete(_ id: String, of user: String?) -> Bool {
        file(id, of: user) != nil && store.remove(id)
    }
}

extension APIRequestError {
    /// The same error for a file of another user, which says nothing about it.
    static func noFile(_ id: String) -> APIRequestError {
        APIRequestError(
            404, "There is no file with the id '\(id.prefix(64))': it was never uploaded, was deleted, or has expired.",
            param: "file_id", code: "file_not_found")
    }
}
