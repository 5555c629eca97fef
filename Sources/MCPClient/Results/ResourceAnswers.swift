import JSON
import MCP

extension Resource {
    /// Reads an element of `resources/list`.
    init(answered value: JSON) throws(MCPClientError) {
        let fields = try Fields(value, of: "a resource")
        let uri = try fields.string("uri")
        self.init(
            uri: uri, name: try fields.optionalString("name") ?? uri, title: try fields.optionalString("title"),
            description: try fields.optionalString("description"),
            mediaType: try fields.optionalString("mimeType") ?? ContentBlock.unknownType, size: fields.size("size"))
    }
}

extension ResourceContents {
    /// Reads the answer to `resources/read`.
    static func all(answered result: JSONObject) throws(MCPClientError) -> [ResourceContents] {
        var contents: [ResourceContents] = []
        for value in try Fields(result, of: "the answer to resources/read").array("contents") {
            contents.append(try ResourceContents(answered: value))
        }
        return contents
    }

    /// Reads what was in a resource: text, or bytes as base64.
    init(answered value: JSON) throws(MCPClientError) {
        let fields = try Fields(value, of: "the content of a resource")
        let mediaType = try fields.optionalString("mimeType")
        if let text = try fields.optionalString("text") {
            self.init(uri: try fields.string("uri"), mediaType: mediaType ?? "text/plain", bytes: Array(text.utf8))
        } else {
            self.init(
                uri: try fields.string("uri"), mediaType: mediaType ?? ContentBlock.unknownType,
                bytes: try fields.bytes("blob"))
        }
    }
}
