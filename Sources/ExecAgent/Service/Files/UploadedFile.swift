import JSON

/// A file that a client has uploaded, until a run needs it.
struct UploadedFile: Sendable {
    let id: String
    /// Its owner; `nil` if the upload named no user.
    let user: String?
    /// As the client named it; untrusted.
    let name: String
    let mediaType: String
    let purpose: String
    /// Seconds since 1970.
    let created: Int
    let expires: Int
    /// Counts the uploads, so that they can be listed in order.
    let number: Int
    let bytes: [UInt8]

    var json: JSON {
        [
            "id": .string(id), "object": "file", "bytes": .integer(bytes.count), "created_at": .integer(created),
            "expires_at": .integer(expires), "filename": .string(name), "purpose": .string(purpose),
            "status": "processed",
        ]
    }
}
