import Diagnostics
import Hashing
import JSON
import MCP
import OpenAI

/// Puts the files and pictures of a client's messages into the sandbox of its user.
///
/// The model is told where they are. It also sees pictures, as far as its API accepts them.
struct Attachments: Sendable {
    /// Maximum size in bytes of a file that the model sees as a picture.
    private static let maxPicture = 5_000_000
    private static let maxFiles = 64

    private let access: any SandboxAccess
    let files: FileStore
    /// The paths of files that are already there: clients send whole conversations.
    private let placed: BoundedStore<String>
    private let log: @Sendable (String) -> Void

    init(access: any SandboxAccess, files: FileStore, seconds: Double, log: @escaping @Sendable (String) -> Void) {
        self.access = access
        self.files = files
        self.log = log
        placed = BoundedStore(seconds: seconds, maxCount: 10_000, maxBytes: 1 << 20)
    }

    /// Checks that uploaded files exist.
    ///
    /// - Throws: ``APIRequestError`` with status 400 or 404.
    func check(_ messages: [ChatMessage], of user: String) throws(APIRequestError) {
        let parts = messages.flatMap(\.content)
        for case .file(let file) in parts {
            if case .id(let id) = file.source, files.file(id, of: user) == nil { throw APIRequestError.noFile(id) }
        }
        let count = parts.count(where: \.isAttached)
        guard count <= Self.maxFiles else {
            throw APIRequestError(
                400, "The messages have \(count) files and pictures in them; at most \(Self.maxFiles) are accepted.",
                code: "too_many_files")
        }
    }

    /// Returns the messages with texts in the place of files. Pictures stay, with a text that says where they are.
    ///
    /// - Throws: ``APIRequestError``, and `CancellationError`.
    func place(_ messages: [ChatMessage], of user: String) async throws -> [ChatMessage] {
        var placed = messages
        for (index, message) in messages.enumerated() where message.content.contains(where: \.isAttached) {
            var content: [ContentPart] = []
            for part in message.content {
                try Task.checkCancellation()
                content += try await place(part, of: user)
            }
            placed[index].content = content
        }
        return placed
    }

    private func place(_ part: ContentPart, of user: String) async throws -> [ContentPart] {
        switch part {
        case .text: return [part]
        case .imageURL(let url):
            guard let data = DataURL(url), let bytes = data.bytes, let type = bytes.pictureType else { return [part] }
            do throws(SandboxFilesError) {
                let name = Self.name(of: bytes, "picture", type)
                return [.text(try await write(bytes, as: name, of: user)), part]
            } catch {
                // The model sees it all the same.
                if error.kind != .unsupported { log("a picture cannot be put into the sandbox: \(error.message)") }
                return [part]
            }
        case .file(let file):
            let (bytes, name) = try contents(of: file, user)
            let text: String
            do throws(SandboxFilesError) {
                text = try await write(bytes, as: name, of: user)
            } catch {
                throw APIRequestError(error)
            }
            guard let type = bytes.pictureType, bytes.count <= Self.maxPicture else { return [.text(text)] }
            return [.text(text), .imageURL("data:\(type);base64,\(Base64.encode(bytes))")]
        }
    }

    private func contents(of file: AttachedFile, _ user: String) throws(APIRequestError) -> ([UInt8], String) {
        switch file.source {
        case .id(let id):
            guard let uploaded = files.file(id, of: user) else { throw APIRequestError.noFile(id) }
            return (uploaded.bytes, uploaded.name)
        case .data(let text):
            let data = DataURL(text)
            guard let bytes = data == nil ? Base64.decode(text) : data?.bytes else {
                throw APIRequestError(
                    400, "'file_data' must be base64, or a data: URL with base64.", param: "file_data",
                    code: "invalid_file_data")
            }
            let name = file.name.flatMap { $0.isEmpty ? nil : $0 }
            return (bytes, name ?? Self.name(of: bytes, "file", data?.mediaType ?? ""))
        }
    }

    /// Writes a file, unless it is there.
    ///
    /// - Returns: what the model is told.
    private func write(_ bytes: [UInt8], as name: String, of user: String) async throws(SandboxFilesError) -> String {
        let owner = UserName.forServers(user)
        let key = SHA256.hexDigest(of: "\(user)\n\(SHA256.hexDigest(of: bytes))\n\(name)")
        if let path = placed.value(key, isUse: true),
            (try? await access.read(path, offset: 0, length: 1, of: owner))?.size == bytes.count
        {
            return Self.note(path, bytes.count)
        }
        let file = try await access.write(bytes, as: name, to: nil, existing: .rename, of: owner)
        placed.keep(file.path, bytes: file.path.utf8.count, as: key)
        return Self.note(file.path, bytes.count)
    }

    private static func note(_ path: String, _ size: Int) -> String {
        "[The user's file \(path), \(size.counted("byte"))]\n"
    }

    private static func name(of bytes: [UInt8], _ word: String, _ type: String) -> String {
        let kind = type.prefix { $0 != ";" }.split(separator: "/").last ?? ""
        let isPlain = (1...10).contains(kind.utf8.count) && kind.utf8.allSatisfy { ($0 | 0x20) &- 0x61 < 26 }
        let ending = !isPlain ? "" : kind == "plain" ? ".txt" : kind == "jpeg" ? ".jpg" : ".\(kind)"
        return "\(word)-\(SHA256.hexDigest(of: bytes).prefix(8))\(ending)"
    }
}

/// A `data:` URL with base64.
private struct DataURL {
    let mediaType: String
    private let data: String

    init?(_ text: String) {
        guard text.hasPrefix("data:"), let comma = text.firstIndex(of: ",") else { return nil }
        let head = text[text.index(text.startIndex, offsetBy: 5)..<comma]
        guard head.hasSuffix(";base64") else { return nil }
        mediaType = String(head.dropLast(";base64".count))
        data = String(text[text.index(after: comma)...])
    }

    var bytes: [UInt8]? { Base64.decode(data) }
}

extension ContentPart {
    /// Whether it may be put into a sandbox.
    fileprivate var isAttached: Bool {
        switch self {
        case .text: false
        case .imageURL(let url): url.hasPrefix("data:")
        case .file: true
        }
    }
}
