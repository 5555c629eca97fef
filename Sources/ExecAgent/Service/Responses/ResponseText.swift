import JSON

/// The OpenAPI descriptions of the routes for responses, and their schemas.
enum ResponseText {
    static let create: JSON = [
        "operationId": "createResponse",
        "summary": "Runs the agent on an input",
        "description": .string(
            """
            The input continues the response that `previous_response_id` names; without it, nothing. With `user`, the \
            sandbox of that user is used. `tools` are ignored unless `tool_choice` forces a call of a function. What the \
            agent runs are items of the type `mcp_call`. Parameters that are not listed are passed on to the model.
            """),
        "requestBody": [
            "required": true,
            "content": ["application/json": ["schema": ["$ref": "#/components/schemas/ResponseRequest"]]],
        ],
        "responses": [
            "200": [
                "description": .string(
                    """
                    The response. With `stream`, its events as server-sent events: the last one is `response.completed`, \
                    `response.incomplete` or `response.failed`. With `background`, the response before its run.
                    """),
                "content": content,
            ]
        ],
    ]
    static let retrieve: JSON = described(
        operation("retrieveResponse", "A stored response, or one that is worked on in the background", content),
        """
        With the query `stream=true`, the events of a response that was created with `background`, which follow the one \
        with the number `starting_after`.
        """)
    static let delete: JSON = operation(
        "deleteResponse", "Forgets a response; ends its run if it is in progress",
        json("#/components/schemas/DeletedObject"))
    static let cancel: JSON = operation(
        "cancelResponse", "Ends the run of a response that is worked on in the background",
        json("#/components/schemas/Response"))
    static let inputItems: JSON = operation(
        "listInputItems", "The input of a response; takes the queries limit, order and after",
        json("#/components/schemas/ItemList"))

    static let schemas: JSONObject = [
        "ResponseRequest": object(
            [
                "input": described(
                    ["type": ["string", "array"]],
                    .string(
                        """
                        Text, or items: messages with parts of the types input_text, input_image and input_file, \
                        function_call, function_call_output, item_reference.
                        """)
                ),
                "model": string, "instructions": string, "previous_response_id": string, "user": string,
                "stream": flag(false), "store": flag(true), "background": flag(false),
                "max_output_tokens": ["type": "integer", "minimum": 1], "temperature": ["type": "number"],
                "text": ["type": "object"], "reasoning": ["type": "object"], "metadata": ["type": "object"],
            ], required: ["input"]),
        "Response": object(
            [
                "id": string, "object": ["const": "response"], "created_at": ["type": "integer"],
                "status": ["enum": ["queued", "in_progress", "completed", "incomplete", "failed", "cancelled"]],
                "model": string, "output": ["type": "array", "items": ["type": "object"]],
                "error": ["type": ["object", "null"]], "incomplete_details": ["type": ["object", "null"]],
                "usage": described(
                    ["type": ["object", "null"]],
                    "The total of all requests to the model; 0 if its endpoint does not count."),
            ], required: ["id", "object", "created_at", "status", "model", "output"]),
        "ItemList": object(
            [
                "object": ["const": "list"], "data": ["type": "array", "items": ["type": "object"]],
                "first_id": ["type": ["string", "null"]], "last_id": ["type": ["string", "null"]],
                "has_more": ["type": "boolean"],
            ], required: ["object", "data", "has_more"]),
        "DeletedObject": object(
            ["id": string, "object": string, "deleted": ["type": "boolean"]], required: ["id", "object", "deleted"]),
    ]

    private static let string: JSON = ["type": "string"]
    private static let content: JSON = [
        "application/json": ["schema": ["$ref": "#/components/schemas/Response"]],
        "text/event-stream": ["schema": ["type": "string"]],
    ]

    private static func flag(_ value: JSON) -> JSON { ["type": "boolean", "default": value] }

    static func json(_ reference: JSON) -> JSON { ["application/json": ["schema": ["$ref": reference]]] }

    static func object(_ properties: JSON, required: JSON) -> JSON {
        ["type": "object", "properties": properties, "required": required]
    }

    static func operation(_ id: JSON, _ summary: JSON, _ content: JSON) -> JSON {
        [
            "operationId": id, "summary": summary,
            "responses": ["200": ["description": "The requested content.", "content": content]],
        ]
    }

    static func described(_ value: JSON, _ text: JSON) -> JSON {
        var object = value.objectValue ?? [:]
        object["description"] = text
        return .object(object)
    }
}
