/// A file that a client attaches to a message. No model's API gets it as such: it goes into the sandbox.
public struct AttachedFile: Sendable, Equatable {
    /// Where its bytes are.
    public enum Source: Sendable, Equatable {
        /// Uploaded before, under this id.
        case id(String)
        /// In the request: base64, or a `data:` URL.
        case data(String)
    }

    /// Where its bytes are.
    public let source: Source
    /// Its name; `nil` if the client gives none.
    public let name: String?

    /// Creates a file.
    public init(source: Source, name: String? = nil) {
        self.source = source
        self.name = name
    }

    /// Its mention in a text.
    public var mention: String { "[The file \(name ?? "without a name")]" }

    /// Parses the members of a part: `file_id`, or `file_data`, with `filename`.
    init(parsing field: Field) throws(FormatError) {
        name = try field["filename"].optionalString()
        if let id = try field["file_id"].optionalString(), !id.isEmpty {
            source = .id(id)
        } else if let data = try field["file_data"].optionalString() {
            source = .data(data)
        } else if !field["file_url"].isNull {
            throw field["file_url"].failure(
                "isn't supported: name the address in the text, the agent can fetch it if its network allows that")
        } else {
            throw field["file_id"].mismatch("the id of an uploaded file, unless 'file_data' has the contents")
        }
    }
}
