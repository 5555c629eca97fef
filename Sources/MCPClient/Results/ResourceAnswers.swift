import JSON
import MCP

extension Resource {
    /// Parses an element of `resources/list`.
    init(answered value: JSON) throws(MCPClientError) {
        let fields = try Fields(value, of: "a resource")
        let uri = try fields.string("uri")
        self.init(
            uri: uri, name: fields.description("name") ?? uri, title: fields.description("title"),
            description: fields.description("description"),
            mediaType: fields.description("mimeType") ?? ContentBlock.unknownType, size: fields.size("size"))
    }
}

extension ResourceContents {
    /// Parses the response to `resources/read`. Unreadable contents are left out if others are readable.
    ///
    /// - Parameter remark: called if contents are left out.
    /// - Throws: ``MCPClientError/malformed(_:)`` if none is readable.
    static func all(answered result: JSONObject, remark: (String) -> Void) throws(MCPClientError) -> [ResourceContents]
    {
        var contents: [ResourceContents] = []
        var failure: MCPClientError?
        for value in try Fields(result, of: "the answer to resources/read").array("contents") {
            do throws(MCPClientError) {
                contents.append(try ResourceContents(answered: value))
            } catch {
                failure = error
            }
        }
        if let failure {
            guard !contents.isEmpty else { throw failure }
            remark("some of a resource's contents cannot be read: \(failure.reason)")
        }
        return contents
    }

    /// Parses the contents of a resource: text, or bytes as base64.
    init(answered value: JSON) throws(MCPClientError) {
        let fields = try Fields(value, of: "the content of a resource")
        let uri = fields.description("uri") ?? "a resource"
        let mediaType = fields.description("mimeType")
        if let text = try fields.optionalString("text") {
            self.init(uri: uri, mediaType: mediaType ?? "text/plain", bytes: Array(text.utf8))
        } else {
            self.init(
                uri: uri, mediaType: mediaType ?? ContentBlock.unknownType, bytes: try fields.bytes("blob"))
        }
    }
}
