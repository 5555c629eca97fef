import JSON

/// The API's OpenAPI 3.1 description, generated from the route table so that the two always match.
struct OpenAPIDocument {
    let routes: [ServiceRoute]
    let version: String

    var json: JSON {
        var paths = JSONObject()
        for route in routes {
            let path = route.path.replacing("+}", with: "}")
            var item = paths[path]?.objectValue ?? JSONObject()
            item[route.method.lowercased()] = operation(route)
            paths[path] = .object(item)
        }
        return [
            "openapi": "3.1.0",
            "info": [
                "title": "exec-agent", "version": .string(version),
                "description": "An agent that runs code in a sandbox, usable as a model of OpenAI's API.",
            ],
            "paths": .object(paths),
            "components": [
                "schemas": .object(Self.schemas),
                "securitySchemes": ["key": ["type": "http", "scheme": "bearer"]],
                "responses": [
                    "Error": [
                        "description": "An error in OpenAI's format.",
                        "content": ["application/json": ["schema": ["$ref": "#/components/schemas/Error"]]],
                    ]
                ],
            ],
            "security": [["key": []], [:]],
        ]
    }

    private static let schemas = [ResponseText.schemas, UploadText.schemas].reduce(into: APIText.schemas) {
        for member in $1 { $0[member.key] = member.value }
    }

    private func operation(_ route: ServiceRoute) -> JSON {
        guard var operation = route.description.objectValue else { return route.description }
        let names = route.path.matches(of: /\{(\w+)\+?\}/).map { String($0.1) }
        if !names.isEmpty {
            operation["parameters"] = .array(
                names.map { ["name": .string($0), "in": "path", "required": true, "schema": ["type": "string"]] })
        }
        var responses = operation["responses"]?.objectValue ?? JSONObject()
        responses["default"] = ["$ref": "#/components/responses/Error"]
        operation["responses"] = .object(responses)
        return .object(operation)
    }
}
