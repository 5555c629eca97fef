import ExecCore
import Hashing
import JSON
import MCP

/// The result of one of exec-mcp's own methods.
struct SandboxReply: Sendable, Equatable {
    /// A part of a file for the result, with the bytes that it is cut out of.
    struct Content: Sendable, Equatable {
        /// The bytes that were read.
        var bytes: [UInt8]
        /// Where in the file they begin.
        let start: Int
        /// The size of the whole file.
        var size: Int
        /// The part that was asked for.
        let offset: Int
        let length: Int

        /// Whether it is the whole file.
        var isWhole: Bool { start == 0 && bytes.count == size }

        /// The bytes of the part that was asked for.
        var part: ArraySlice<UInt8> {
            let from = min(max(offset - start, 0), bytes.count)
            return bytes[from..<min(from + length, bytes.count)]
        }

        /// The content with the whole file replaced.
        func replacing(_ bytes: [UInt8]) -> Content {
            Content(bytes: bytes, start: 0, size: bytes.count, offset: offset, length: length)
        }
    }

    /// The members that hold names of files, in the result and in its entries.
    static let nameMembers = ["path", "name"]
    static let entries = "entries"

    /// The members of the result, without those about the content.
    var members: JSONObject
    /// `nil` if the result holds no part of a file.
    var content: Content?

    /// A result without content.
    init(_ members: JSONObject) {
        self.members = members
    }

    /// A part of a file.
    init(_ members: JSONObject, _ content: Content) {
        self.members = members
        self.content = content
    }

    /// The number of bytes of a file in the result.
    var byteCount: Int { content?.part.count ?? 0 }

    /// The result on the wire.
    var json: JSONObject {
        guard let content else { return members }
        var json = members
        let part = Array(content.part)
        let name = members["path"]?.stringValue.map { String($0[($0.lastIndex(of: "/") ?? $0.startIndex)...]) } ?? ""
        json["mimeType"] = .string(
            content.offset == 0 ? MediaType.of(part, named: name) : MediaType.ofFile(named: name))
        json["size"] = .integer(content.size)
        json["offset"] = .integer(content.offset)
        json["data"] = .string(Base64.encode(part))
        json["sha256"] = .string(SHA256.hexDigest(of: part))
        return json
    }
}
