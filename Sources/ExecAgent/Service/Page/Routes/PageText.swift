import JSON

/// The OpenAPI descriptions of the page's routes. `docs/page.md` says what their bodies are.
enum PageText {
    static let status = json("pageStatus", "The service, its tool servers, and the user's sandbox")
    static let conversations = json("listConversations", "Lists the user's conversations, the newest first")
    static let conversation = json("readConversation", "A conversation with its turns and their events")
    static let rename = json("renameConversation", "Changes a conversation's title", body: ["title": string])
    static let deleteConversation = empty("deleteConversation", "Stops a conversation's run and deletes it")
    static let createRun = json(
        "createRun", "Adds a turn to a conversation, or to a new one, and starts its run", status: "201",
        body: [
            "conversation_id": string, "text": string, "attachments": ["type": "array", "items": string],
            "model": string, "replace_turn": ["type": "integer"],
        ])
    static let events: JSON = {
        var events =
            operation("runEvents", "The events of a run as server-sent events", "200", "text/event-stream")
            .objectValue ?? [:]
        events["description"] = .string(
            """
            The query `after` is the number of the last event that the client has: it gets those that follow, until the \
            run has ended. Events that are not kept any more are named by an event of the type `gap`.
            """)
        return .object(events)
    }()
    static let stopRun = json("stopRun", "Stops a run and every process of its calls", status: "202")

    static let upload = json("uploadFile", "Writes the body to a new file in the sandbox", status: "201")
    static let files = json("listFiles", "Lists a directory of the sandbox, which the query `path` names")
    static let file = binary("readFile", "A file of the sandbox, which the query `path` names, as a download")
    static let artifacts = json("listPageArtifacts", "Lists the files that the agent made for the user")
    static let artifact = binary("readPageArtifact", "A file that the agent made, as a download")
    static let deleteArtifact = empty("deletePageArtifact", "Deletes a file that the agent made")
    static let archive = binary("readArtifactArchive", "All files that the agent made, as a ZIP archive")

    static let createPreview = json(
        "createPreview", "Makes an address at which a frame can load a file once, within a minute", status: "201",
        body: ["artifact": string, "path": string, "scripts": ["type": "boolean"]])
    static let preview: JSON = {
        let summary = "A file for a frame; needs no key, its address is secret"
        var preview = operation("openPreview", summary, "200", "text/html").objectValue ?? [:]
        preview["security"] = [[:]]
        return .object(preview)
    }()

    static let endSandbox = empty("endSandbox", "Ends the user's sandbox, with all of its processes")
    static let sandboxes = json("listSandboxes", "Lists the sandboxes of all users, for the operator")
    static let endOtherSandbox = empty("endSandboxOfUser", "Ends the sandbox of a user, for the operator")

    private static let string: JSON = ["type": "string"]

    private static func json(
        _ id: String, _ summary: String, status: String = "200", body: JSONObject? = nil
    ) -> JSON {
        var description = operation(id, summary, status, "application/json").objectValue ?? [:]
        if let body {
            description["requestBody"] = [
                "required": true,
                "content": ["application/json": ["schema": ["type": "object", "properties": .object(body)]]],
            ]
        }
        return .object(description)
    }

    private static func binary(_ id: String, _ summary: String) -> JSON {
        operation(id, summary, "200", "application/octet-stream")
    }

    private static func empty(_ id: String, _ summary: String) -> JSON {
        [
            "operationId": .string(id), "summary": .string(summary), "tags": ["page"],
            "responses": ["204": ["description": "It is done."]],
        ]
    }

    private static func operation(_ id: String, _ summary: String, _ status: String, _ type: String) -> JSON {
        let schema: JSON = type == "application/json" ? ["type": "object"] : string
        return [
            "operationId": .string(id), "summary": .string(summary), "tags": ["page"],
            "responses": .object([
                status: [
                    "description": "The requested content.", "content": .object([type: ["schema": schema]]),
                ]
            ]),
        ]
    }
}
