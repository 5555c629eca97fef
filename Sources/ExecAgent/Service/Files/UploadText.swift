import JSON

/// The OpenAPI descriptions of the routes for uploaded files, and their schemas.
enum UploadText {
    static let upload: JSON = {
        var upload =
            ResponseText.described(
                ResponseText.operation("createFile", "Uploads a file", file),
                """
                A part of a message can name the file by its id; it is written into the sandbox when a run needs it. It \
                belongs to the user that the field `user` names.
                """
            ).objectValue ?? [:]
        upload["requestBody"] = [
            "required": true,
            "content": [
                "multipart/form-data": [
                    "schema": ResponseText.object(
                        [
                            "file": ["type": "string", "contentMediaType": "application/octet-stream"],
                            "purpose": ["type": "string"], "user": ["type": "string"],
                        ], required: ["file", "purpose"])
                ]
            ],
        ]
        return .object(upload)
    }()
    static let list = ResponseText.operation(
        "listUploads", "Lists uploaded files; takes the queries purpose, limit, order, after and user",
        ResponseText.json("#/components/schemas/ItemList"))
    static let retrieve = ResponseText.operation("retrieveUpload", "What is known about an uploaded file", file)
    static let content = ResponseText.operation(
        "readUpload", "An uploaded file, as a download",
        ["application/octet-stream": ["schema": ["type": "string", "contentEncoding": "binary"]]])
    static let delete = ResponseText.operation(
        "deleteUpload", "Forgets an uploaded file; a copy in a sandbox stays",
        ResponseText.json("#/components/schemas/DeletedObject"))

    static let schemas: JSONObject = [
        "UploadedFile": ResponseText.object(
            [
                "id": ["type": "string"], "object": ["const": "file"], "bytes": ["type": "integer"],
                "created_at": ["type": "integer"], "expires_at": ["type": "integer"],
                "filename": ["type": "string"], "purpose": ["type": "string"], "status": ["const": "processed"],
            ], required: ["id", "object", "bytes", "created_at", "filename", "purpose", "status"])
    ]

    private static let file = ResponseText.json("#/components/schemas/UploadedFile")
}
