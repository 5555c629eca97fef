import JSON

/// Stores a file of any bytes. The content follows the call.
struct StoreFile: GuestParameters {
    static let operation = GuestOperation.storeFile

    let directory: String
    let name: String
    let existing: ExistingFile
    /// The number of bytes that follow.
    let size: Int
    let timeout: Double

    var json: JSON {
        [
            "directory": .string(directory), "name": .string(name), "existing": .string(existing.rawValue),
            "size": .integer(size), "timeout": .double(timeout),
        ]
    }
}

/// What happens to a file that has the name of a new one.
public enum ExistingFile: String, Sendable, CaseIterable {
    /// The new file gets another name: `data (2).csv`.
    case rename
    /// The new file is refused.
    case fail
    /// The new file takes its place.
    case replace
}

/// A file that was stored.
public struct StoredFileName: Sendable, Equatable {
    /// Its absolute path.
    public let path: String
    /// Its name.
    public let name: String

    /// The members of the guest's result.
    enum Name: String, CaseIterable {
        case path
        case name
    }

    /// Decodes the guest's reply.
    init(_ reply: Channel.Reply) throws(ExecError) {
        path = try FilePath.text(reply.result[Name.path])
        name = try FilePath.text(reply.result[Name.name])
    }
}

/// Paths as guests report them.
enum FilePath {
    /// The longest path that the system accepts, in bytes, each of which may be invalid UTF-8 and become three.
    private static let maxLength = 3 * 4096

    /// Returns a path, or a part of one, from a guest's result.
    ///
    /// - Throws: ``ExecError`` if it isn't one.
    static func text(_ value: JSON?) throws(ExecError) -> String {
        guard let path = value?.stringValue, !path.isEmpty, path.utf8.count <= maxLength else {
            throw ExecError(.sandboxEnded, "The sandbox answered without a path.")
        }
        return path
    }
}

extension Sandbox {
    /// Stores a file of any bytes in `/workspace`. It appears when it is complete.
    ///
    /// - Parameters:
    ///   - name: a file name.
    ///   - directory: an absolute path in `/workspace`; missing directories are created.
    /// - Throws: ``ExecError``: ``ExecError/Code/conflict`` if the name is taken.
    public func store(
        _ bytes: [UInt8], as name: String, in directory: String, existing: ExistingFile
    ) async throws -> StoredFileName {
        let parameters = StoreFile(
            directory: directory, name: name, existing: existing, size: bytes.count, timeout: Self.fileTimeout)
        return try StoredFileName(try await callGuest(parameters, body: bytes, replyLimit: 0, lane: .artifacts))
    }
}
