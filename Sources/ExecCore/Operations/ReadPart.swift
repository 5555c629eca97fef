import JSON

/// Reads a part of a file, byte for byte.
struct ReadPart: GuestParameters {
    static let operation = GuestOperation.readPart

    let path: String
    let offset: Int
    /// The maximum number of bytes.
    let length: Int
    let timeout: Double

    var json: JSON {
        [
            "path": .string(path), "offset": .integer(offset), "length": .integer(length),
            "timeout": .double(timeout),
        ]
    }
}

/// A part of a file.
public struct FileSlice: Sendable, Equatable {
    /// The file's absolute path.
    public let path: String
    /// The bytes.
    public let bytes: [UInt8]
    /// The size of the whole file, in bytes.
    public let size: Int
    /// When it was last modified, in seconds since 1970; `nil` if unknown. The sandbox can set it to any value.
    public let modified: Int?
    /// Changes when the file does.
    public let version: String

    private static let maxVersionLength = 200

    /// The members of the guest's result, besides the bytes.
    enum Name: String, CaseIterable {
        case path
        case size
        case modified
        case version
    }

    /// Decodes the guest's reply.
    init(_ reply: Channel.Reply) throws(ExecError) {
        path = try FilePath.text(reply.result[Name.path])
        guard let size = reply.result[Name.size]?.countValue,
            let version = reply.result[Name.version]?.stringValue, version.utf8.count <= Self.maxVersionLength
        else { throw ExecError(.sandboxEnded, "The sandbox answered without a size.") }
        bytes = reply.streams[0]
        modified = reply.result[Name.modified]?.countValue
        (self.size, self.version) = (size, version)
    }
}

extension Sandbox {
    /// Returns a part of a regular file in `/workspace`, `/artifacts` or `/output`; links that lead out of them are
    /// refused. Returns fewer bytes at the end of the file, and an empty part beyond it.
    ///
    /// - Parameters:
    ///   - path: an absolute path or a `file:` URI.
    ///   - offset: how many bytes to skip.
    ///   - length: the maximum number of bytes.
    /// - Throws: ``ExecError``.
    public func readPart(of path: String, offset: Int, length: Int) async throws -> FileSlice {
        guard (0...Self.largestCount).contains(offset), length >= 0 else {
            throw ExecError(.invalidArgument, "offset and length must be whole numbers from 0.")
        }
        let parameters = ReadPart(path: path, offset: offset, length: length, timeout: Self.fileTimeout)
        return try FileSlice(try await callGuest(parameters, replyLimit: length, lane: .artifacts))
    }
}
