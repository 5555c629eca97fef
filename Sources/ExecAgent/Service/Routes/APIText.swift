import JSON

/// The OpenAPI descriptions of the routes.
enum APIText {
    static let chat: JSON = [
        "operationId": "createChatCompletion",
        "summary": "Runs the agent on a conversation",
        "description": .string(
            """
            The messages are the history; without `user` nothing else is. With `user`, a single new message, with or \
            without instructions, continues that user's session, whose runs wait for one another. The headers \
            `X-OpenWebUI-User-Id` and `X-OpenWebUI-Chat-Id` name a user and one of several sessions of that user. \
            `tools` and `functions` are ignored. Members that are not listed are passed on to the model.
            """),
        "requestBody": [
            "required": true, "content": ["application/json": ["schema": ["$ref": "#/components/schemas/ChatRequest"]]],
        ],
        "responses": [
            "200": [
                "description": .string(
                    """
                    The answer. With `stream`, chunks as server-sent events, ended by `data: [DONE]`; a later error is \
                    an event with the member `error`. What the agent does before is reported as `reasoning_content`.
                    """),
                "content": [
                    "application/json": ["schema": ["$ref": "#/components/schemas/ChatCompletion"]],
                    "text/event-stream": ["schema": ["type": "string"]],
                ],
            ]
        ],
    ]

    static let completion: JSON = [
        "operationId": "createCompletion",
        "summary": "Runs the agent on a prompt, in the format of the older API",
        "requestBody": [
            "required": true,
            "content": [
                "application/json": [
                    "schema": object(
                        [
                            "prompt": string, "model": string, "user": string,
                            "stream": ["type": "boolean", "default": false],
                            "max_tokens": ["type": "integer", "minimum": 1],
                        ], required: ["prompt"])
                ]
            ],
        ],
        "responses": [
            "200": [
                "description": "The answer. With `stream`, chunks as server-sent events, ended by `data: [DONE]`.",
                "content": [
                    "application/json": ["schema": ["type": "object"]],
                    "text/event-stream": ["schema": ["type": "string"]],
                ],
            ]
        ],
    ]

    static let models = read("listModels", "Lists the model that answers if none is named", "ModelList")
    static let model = read("retrieveModel", "Says whether a model is listed", "Model")
    static let skills = read("listSkills", "Lists the skills of the agent", "SkillList")
    static let artifacts = read("listArtifacts", "Lists the files that the agent made for a user", "ArtifactList")
    static let session: JSON = operation(
        "endSession", "Ends a user's sessions and their runs in the background; a run whose client waits continues",
        "application/json",
        ["$ref": "#/components/schemas/EndedSession"])
    static let questions = read(
        "listQuestions", "Lists what tool servers ask a user and nobody has answered yet", "QuestionList")
    static let answerQuestion: JSON = {
        var answer =
            operation(
                "answerQuestion", "Answers a question of a user's run", "application/json",
                ["$ref": "#/components/schemas/AnsweredQuestion"]
            ).objectValue ?? [:]
        answer["description"] = .string(
            """
            404 if it is not open: it was answered, has expired, or its run has ended. The content of a form must fit \
            its schema; if it does not, the answer is 400 and the question stays open.
            """)
        answer["requestBody"] = [
            "required": true,
            "content": ["application/json": ["schema": ["$ref": "#/components/schemas/QuestionAnswer"]]],
        ]
        return .object(answer)
    }()
    static let skill: JSON = operation("readSkill", "The text of a skill", "text/markdown", ["type": "string"])
    static let artifact: JSON = operation(
        "readArtifact", "A file that the agent made for a user, as a download", "application/octet-stream",
        ["type": "string", "contentEncoding": "binary"])
    static let link: JSON = {
        var link =
            operation(
                "openArtifactLink", "A file by its link in an answer; needs no key", "application/octet-stream",
                ["type": "string", "contentEncoding": "binary"]
            ).objectValue ?? [:]
        link["security"] = [[:]]
        return .object(link)
    }()
    static let document: JSON = read("describe", "This description", nil)
    static let health: JSON = {
        var health = read("health", "Says whether the service and its tool servers work", "Health").objectValue ?? [:]
        health["description"] = "Needs no key, but lists the individual servers only with one. 503 if one fails."
        health["security"] = [[:]]
        return .object(health)
    }()

    static let metrics: JSON = {
        var metrics =
            operation("metrics", "Metrics in Prometheus's text format", "text/plain", ["type": "string"]).objectValue
            ?? [:]
        metrics["description"] = "With keys, this needs one that isn't bound to a user, or an operator's."
        return .object(metrics)
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
                "200": ["description": "The requested content.", "content": .object([type: ["schema": schema]])]
            ],
        ]
    }
}
