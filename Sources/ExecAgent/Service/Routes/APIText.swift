import JSON

/// The OpenAPI descriptions of the routes.
enum APIText {
    static let chat: JSON = [
        "operationId": "createChatCompletion",
        "summary": "Runs the agent on a conversation",
        "description": .string(
            """
            The messages are the history, and without `user` that is all. Where `user` is named, one new message alone, \
            with or without instructions, goes on with that user's session, whose runs wait for one another. The fields \
            `X-OpenWebUI-User-Id` and `X-OpenWebUI-Chat-Id` name a user, and one of several sessions of theirs. \
            `tools` and `functions` are passed over. Members that are not listed are passed on to the model.
            """),
        "requestBody": [
            "required": true, "content": ["application/json": ["schema": ["$ref": "#/components/schemas/ChatRequest"]]],
        ],
        "responses": [
            "200": [
                "description": .string(
                    """
                    The answer. With `stream`, chunks as server-sent events, ended by `data: [DONE]`; an error on the \
                    way is an event with the member `error`. What runs meanwhile is told as `reasoning_content`.
                    """),
                "content": [
                    "application/json": ["schema": ["$ref": "#/components/schemas/ChatCompletion"]],
                    "text/event-stream": ["schema": ["type": "string"]],
                ],
            ]
        ],
    ]

    static let models = read("listModels", "Lists the model that answers where none is named", "ModelList")
    static let model = read("retrieveModel", "Says whether a model is listed", "Model")
    static let skills = read("listSkills", "Lists the skills of the agent", "SkillList")
    static let artifacts = read("listArtifacts", "Lists the files that the agent hands out to a user", "ArtifactList")
    static let session: JSON = operation(
        "endSession", "Ends a user's sessions; a run under way goes on", "application/json",
        ["$ref": "#/components/schemas/EndedSession"])
    static let skill: JSON = operation("readSkill", "A skill's own text", "text/markdown", ["type": "string"])
    static let artifact: JSON = operation(
        "readArtifact", "A file that the agent hands out, as a download", "application/octet-stream",
        ["type": "string", "contentEncoding": "binary"])
    static let link: JSON = {
        var link =
            operation(
                "openArtifactLink", "A file by the link that an answer gave; needs no key", "application/octet-stream",
                ["type": "string", "contentEncoding": "binary"]
            ).objectValue ?? [:]
        link["security"] = [[:]]
        return .object(link)
    }()
    static let document: JSON = read("describe", "This description", nil)
    static let health: JSON = {
        var health = read("health", "Says whether the tool servers do", "Health").objectValue ?? [:]
        health["description"] = "Needs no key, but tells of the single servers only with one. 503 where one fails."
        health["security"] = [[:]]
        return .object(health)
    }()

    private static func read(_ id: JSON, _ summary: JSON, _ schema: String?) -> JSON {
        operation(
            id, summary, "application/json",
            schema.map { ["$ref": .string("#/components/schemas/\($0)")] } ?? ["type": "object"])
    }

    private static func operation(_ id: JSON, _ summary: JSON, _ type: String, _ schema: JSON) -> JSON {
        [
            "operationId": id, "summary": summary,
            "responses": [
                "200": ["description": "What was asked for.", "content": .object([type: ["schema": schema]])]
            ],
        ]
    }
}
