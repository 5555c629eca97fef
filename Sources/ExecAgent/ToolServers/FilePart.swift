import JSON
import MCP

/// A part of a file.
struct FilePart: Sendable, Equatable {
    let bytes: [UInt8]
    /// The size of the whole file.
    let size: Int
    /// Changes when the file does.
    let version: String
    /// The media type, by the file's name and beginning.
    let mediaType: String

    init?(_ result: JSONObject) {
        guard let bytes = result["data"]?.stringValue.flatMap(Base64.decode),
            let size = result["size"]?.integerValue, size >= 0, let version = result["version"]?.stringValue
        else { return nil }
        (self.bytes, self.size, self.version) = (bytes, size, version)
        mediaType = result["mimeType"]?.stringValue ?? "application/octet-stream"
    }
}
