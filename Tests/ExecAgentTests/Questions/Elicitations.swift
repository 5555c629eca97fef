import JSON

@testable import ExecAgent
@testable import MCPClient

extension ServerQuestion {
    /// A question with these parameters.
    static func asking(
        _ params: JSONObject, server: String = "exec-mcp", id: String = "q1"
    ) throws -> ServerQuestion {
        let elicitation = try Elicitation(params, modes: [.form, .url])
        return ServerQuestion(id: id, server: server, callID: "call_1", elicitation: elicitation)
    }

    /// A question whether calls may run, as exec-mcp asks it.
    static func approval(
        _ arguments: [JSON] = [["title": "Dentist"]], count: Int? = nil,
        offered: [String] = ["once", "session", "always", "deny"], details: JSONObject = [:], id: String = "q1"
    ) throws -> ServerQuestion {
        var about: JSONObject = [
            "kind": "approval", "server": "calendar", "tool": "create_event", "arguments": .array(arguments),
            "count": .integer(count ?? arguments.count),
        ]
        for member in details { about[member.key] = member.value }
        return try .asking(
            [
                "message": "May it run?",
                "requestedSchema": [
                    "type": "object",
                    "properties": ["decision": ["type": "string", "enum": .array(offered.map { .string($0) })]],
                    "required": ["decision"],
                ],
                "_meta": ["exec-mcp/approval": .object(about)],
            ], id: id)
    }

    /// A question with a form.
    static func form(_ properties: JSONObject, required: [String] = []) throws -> ServerQuestion {
        try .asking([
            "message": "Who are you?",
            "requestedSchema": [
                "type": "object", "properties": .object(properties),
                "required": .array(required.map { .string($0) }),
            ],
        ])
    }
}
