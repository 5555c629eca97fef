import JSON

/// Writes a file. The content follows the call.
struct WriteFile: GuestParameters {
    static let operation = GuestOperation.writeFile

    let path: String
    /// The number of bytes that follow.
    let size: Int
    let timeout: Double

    var json: JSON {
        ["file_path": .string(path), "size": .integer(size), "timeout": .double(timeout)]
    }
}

/// A file that was written.
public struct WrittenFile: Sendable, Equatable {
    /// Its absolute path.
    public let path: String
    /// Its size in bytes.
    public let size: Int

    /// The members of the guest's result.
    enum Name: String, CaseIterable {
        case path
        case bytes
    }

    /// The longest path that the system accepts, in bytes, each of which may be invalid UTF-8 and become three.
    private static let maxPathLength = 3 * 4096

    /// Decodes the guest's reply.
    init(_ reply: Channel.Reply) throws(ExecError) {
        guard let path = reply.result[Name.path]?.stringValue, let size = reply.result[Name.bytes]?.countValue,
            path.utf8.count <= Self.maxPathLength
        else {
            throw ExecError(.sandboxEnded, "The sandbox answered without a path.")
        }
        self.path = path
        self.size = size
    }
}

extension Sandbox {
    /// Timeout of a file operation, in seconds.
    static let fileTimeout = 60.0

    /// Writes `content` to the file at `path` atomically: a reader sees either the old or the new file. Creates
    /// missing parent directories.
    ///
    /// - Parameters:
    ///   - path: absolute, or relative to `/workspace`; `~/`, `file:///`, `artifact:///` and `skill://` are
    ///     understood.
    ///   - content: at most ``Limits/writeBytes`` bytes.
    /// - Throws: ``ExecError`` with the reason why it cannot be written.
    public func write(_ content: String, to path: String) async throws -> WrittenFile {
        let bytes = Array(content.utf8)
        guard bytes.count <= Limits.writeBytes else {
            throw ExecError(
                .invalidArgument,
                """
                content has \(bytes.count) bytes; at most \(Limits.writeBytes) are accepted at once. Write it in \
                parts and join them with execute_bash.
                """)
        }
        let parameters = WriteFile(path: path, size: bytes.count, timeout: Self.fileTimeout)
        let reply = try await call(parameters, body: bytes, replyLimit: 0)
        return try WrittenFile(reply)
    }
}
