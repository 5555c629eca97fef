import JSON

extension APIText {
    /// The request and response schemas. Of OpenAI's own types, only the members that matter here; OpenAI documents
    /// the rest.
    static let schemas: JSONObject = [
        "ChatRequest": object(
            [
                "messages": ["type": "array", "minItems": 1, "items": ["$ref": "#/components/schemas/Message"]],
                "model": described(string, "Passed on to the endpoint; by default the model that /v1/models lists."),
                "user": described(
                    string,
                    "The user whose sandbox, files and session are used: any text. Without it the request is independent."
                ),
                "stream": ["type": "boolean", "default": false],
                "stream_options": object(["include_usage": ["type": "boolean", "default": false]], required: []),
                "n": ["const": 1],
                "max_completion_tokens": ["type": "integer", "minimum": 1],
                "temperature": ["type": "number"],
            ], required: ["messages"]),
        "Message": object(
            [
                "role": ["enum": ["system", "developer", "user", "assistant", "tool"]],
                "content": described(
                    ["type": ["string", "array", "null"]], "Text, or parts of the types text and image_url."),
            ], required: ["role"]),
        "ChatCompletion": object(
            [
                "id": string, "object": ["const": "chat.completion"], "created": ["type": "integer"], "model": string,
                "choices": list(
                    object(
                        [
                            "index": ["const": 0], "message": ["$ref": "#/components/schemas/Message"],
                            "finish_reason": described(
                                ["enum": ["stop", "length"]], "length if a limit ended the run: the text says which."
                            ),
                        ], required: ["index", "message", "finish_reason"])),
                "usage": described(
                    object(
                        [
                            "prompt_tokens": ["type": "integer"], "completion_tokens": ["type": "integer"],
                            "total_tokens": ["type": "integer"],
                        ], required: ["prompt_tokens", "completion_tokens", "total_tokens"]),
                    "The total of all requests to the model; 0 if its endpoint does not count."),
                "exec_agent": described(
                    object(["events": list(["$ref": "#/components/schemas/Event"])], required: ["events"]),
                    "What the agent did. In a stream each event is the member exec_agent of a separate chunk."),
            ], required: ["id", "object", "created", "model", "choices", "usage"]),
        "Event": object(
            [
                "type": [
                    "enum": [
                        "tool_started", "tool_progress", "tool_ended", "question", "question_closed", "retrying",
                        "notice",
                    ]
                ],
                "id": described(string, "The id of the call, or of the question, which /v1/sessions answers."),
                "call_id": string,
                "outcome": ["enum": ["accepted", "declined", "cancelled", "expired", "withdrawn", "not_asked"]],
                "decision": ["enum": ["once", "session", "always", "deny"]],
                "name": string, "arguments": string, "message": string,
                "is_error": ["type": "boolean"], "exit_code": ["type": "integer"], "seconds": ["type": "number"],
                "artifacts": list(string), "reason": string,
            ], required: ["type"]),
        "Model": object(
            ["id": string, "object": ["const": "model"], "created": ["type": "integer"], "owned_by": string],
            required: ["id", "object"]),
        "ModelList": listing("Model"),
        "Skill": object(["name": string, "description": string], required: ["name", "description"]),
        "SkillList": listing("Skill"),
        "Artifact": object(
            ["name": string, "media_type": string, "size": ["type": "integer"], "path": string],
            required: ["name", "media_type", "path"]),
        "ArtifactList": listing("Artifact"),
        "Question": object(
            [
                "id": string, "object": ["const": "question"], "server": string,
                "run": described(string, "The id of the answer whose run asks."),
                "call_id": described(string, "The id of the tool call during which it is asked."),
                "created": ["type": "integer"], "expires": ["type": "integer"], "mode": ["enum": ["form", "url"]],
                "message": described(string, "Text of the server, for the user. It isn't trustworthy."),
                "schema": described(["type": "object"], "The JSON Schema of a form's content."),
                "url": described(string, "An address to show to the user; it must not be opened by itself."),
                "approval": described(
                    object(
                        [
                            "kind": string, "server": string, "tool": string, "arguments": ["type": "array"],
                            "count": ["type": "integer"], "script": string, "rule": string,
                        ], required: ["server", "tool"]),
                    "Present if it asks whether calls of a tool may run: then the content is a decision."),
            ],
            required: [
                "id", "object", "server", "run", "call_id", "created", "expires", "mode", "message",
            ]),
        "QuestionList": listing("Question"),
        "QuestionAnswer": object(
            [
                "action": described(
                    ["enum": ["accept", "decline", "cancel"]], "cancel dismisses the question without a choice."),
                "content": described(["type": "object"], "What the user filled in, if a form is accepted."),
            ], required: ["action"]),
        "AnsweredQuestion": object(
            ["id": string, "object": ["const": "question"], "answered": ["const": true]],
            required: ["id", "object", "answered"]),
        "EndedSession": object(
            ["id": string, "object": ["const": "session"], "deleted": ["type": "boolean"]],
            required: ["id", "object", "deleted"]),
        "Health": object(
            [
                "status": described(["enum": ["healthy", "degraded"]], "degraded if a tool server fails."),
                "service": ["const": "agent-api"],
                "mcp_server_connected": described(["type": "boolean"], "Whether a tool server is running."),
                "timestamp": ["type": "string", "format": "date-time"],
                "servers": list(
                    object(
                        [
                            "name": string, "state": ["enum": ["running", "starting", "stopped", "bridged", "failed"]],
                            "reason": string,
                        ], required: ["name", "state"])),
            ], required: ["status", "service", "mcp_server_connected", "timestamp"]),
        "Error": object(
            [
                "error": object(
                    [
                        "message": string, "type": string, "param": ["type": ["string", "null"]],
                        "code": ["type": ["string", "null"]],
                    ], required: ["message", "type", "param", "code"])
            ], required: ["error"]),
    ]

    static let string: JSON = ["type": "string"]

    static func object(_ properties: JSON, required: JSON) -> JSON {
        ["type": "object", "properties": properties, "required": required]
    }

    private static func list(_ items: JSON) -> JSON {
        ["type": "array", "items": items]
    }

    private static func listing(_ schema: String) -> JSON {
        object(
            ["object": ["const": "list"], "data": list(["$ref": .string("#/components/schemas/\(schema)")])],
            required: ["object", "data"])
    }

    private static func described(_ schema: JSON, _ text: JSON) -> JSON {
        var object = schema.objectValue ?? [:]
        object["description"] = text
        return .object(object)
    }
}
