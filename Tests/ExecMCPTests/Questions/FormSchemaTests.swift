import ExecCore
import JSON
import MCP
import Testing

@testable import ExecMCP

@Suite struct FormSchemaTests {
    struct Case: Sendable {
        let field: JSON
        /// `nil` if the revision has no such field.
        let june: JSON?
        let later: JSON?
    }

    @Test(
        arguments: [
            Case(
                field: ["type": "string", "enum": ["a", "b"], "enumNames": ["A", "B"], "default": "a"],
                june: ["type": "string", "enum": ["a", "b"], "enumNames": ["A", "B"]],
                later: [
                    "type": "string", "oneOf": [["const": "a", "title": "A"], ["const": "b", "title": "B"]],
                    "default": "a",
                ]),
            Case(
                field: ["oneOf": [["const": "a", "title": "A"], ["const": "b"]], "title": "Which?"],
                june: ["type": "string", "enum": ["a", "b"], "enumNames": ["A", "b"], "title": "Which?"],
                later: [
                    "type": "string", "oneOf": [["const": "a", "title": "A"], ["const": "b", "title": "b"]],
                    "title": "Which?",
                ]),
            // Clients show an option without a title itself.
            Case(
                field: ["type": "string", "enum": ["a", "b\u{202E}"], "title": "T\u{200B}\n\tU"],
                june: [
                    "type": "string", "enum": ["a", "b\u{202E}"], "enumNames": ["a", "b\\u202e"],
                    "title": "T\\u200b  U",
                ],
                later: [
                    "type": "string", "title": "T\\u200b  U",
                    "oneOf": [["const": "a", "title": "a"], ["const": "b\u{202E}", "title": "b\\u202e"]],
                ]),
            Case(
                field: ["type": "array", "items": ["enum": ["\u{1B}"]]], june: nil,
                later: ["type": "array", "items": ["anyOf": [["const": "\u{1B}", "title": "\\u001b"]]]]),
            Case(
                field: ["type": "string", "enum": ["a"], "enumNames": ["A", "B"]],
                june: ["type": "string", "enum": ["a"]], later: ["type": "string", "enum": ["a"]]),
            Case(
                field: [
                    "type": "string", "minLength": 1, "maxLength": -1, "format": "email", "default": "x",
                    "pattern": "(",
                ], june: ["type": "string", "minLength": 1, "format": "email"],
                later: ["type": "string", "minLength": 1, "format": "email", "default": "x"]),
            Case(
                field: ["type": "integer", "minimum": 0, "maximum": "9", "default": 3, "multipleOf": 2],
                june: ["type": "integer", "minimum": 0], later: ["type": "integer", "minimum": 0, "default": 3]),
            Case(
                field: ["type": "boolean", "default": false, "description": "d"],
                june: ["type": "boolean", "default": false, "description": "d"],
                later: ["type": "boolean", "default": false, "description": "d"]),
            Case(
                field: ["type": "array", "items": ["enum": ["a", "b"]], "minItems": 1, "default": ["b"]], june: nil,
                later: [
                    "type": "array", "items": ["type": "string", "enum": ["a", "b"]], "minItems": 1, "default": ["b"],
                ]),
            Case(
                field: ["type": "array", "items": ["anyOf": [["const": "a", "title": "A"]]]], june: nil,
                later: ["type": "array", "items": ["anyOf": [["const": "a", "title": "A"]]]]),
            Case(
                field: ["anyOf": [["type": "string"], ["type": "null"]], "title": "T"],
                june: ["type": "string", "title": "T"], later: ["type": "string", "title": "T"]),
            Case(field: ["type": ["number", "null"]], june: ["type": "number"], later: ["type": "number"]),
            Case(field: ["type": "object"], june: nil, later: nil),
            Case(field: ["type": "array", "items": ["type": "string"]], june: nil, later: nil),
            Case(field: ["type": "string", "enum": []], june: nil, later: nil),
            Case(field: ["type": "string", "enum": ["a", 1]], june: nil, later: nil),
            Case(field: ["anyOf": [["type": "string"], ["type": "number"]]], june: nil, later: nil),
            Case(field: true, june: nil, later: nil),
        ])
    func aFieldIsWrittenAsTheRevisionDefinesIt(_ one: Case) {
        for (revision, expected) in [
            (Revision.june2025, one.june), (.november2025, one.later), (.july2026, one.later),
        ] {
            let schema: JSONObject = ["type": "object", "properties": ["f": one.field], "required": ["f", "g", 1]]
            let adapted = try? FormSchema(for: revision).adapted(schema)
            #expect(adapted?["properties"]?["f"] == expected, "\(revision)")
            if expected != nil { #expect(adapted?["required"] == ["f"]) }
        }
    }

    @Test func aNameThatHidesSomethingGetsATitle() throws {
        let schema: JSONObject = ["properties": ["a\u{202E}": ["type": "boolean"], "b": ["type": "boolean"]]]
        let fields = try FormSchema(for: .july2026).adapted(schema)["properties"]
        #expect(fields?["a\u{202E}"] == ["type": "boolean", "title": "a\\u202e"])
        #expect(fields?["b"] == ["type": "boolean"])
    }

    @Test(arguments: ["\u{202E}abc", "a\u{200B}", "a\nb", "\u{1B}[2J", String(repeating: "x", count: 3000)])
    func aDefaultThatCannotBeSeenAsItIsIsNone(text: String) throws {
        let schema: JSONObject = [
            "properties": [
                "a": ["type": "string", "default": .string(text)], "b": ["type": "string", "default": "c d"],
            ]
        ]
        let fields = try FormSchema(for: .november2025).adapted(schema)["properties"]
        #expect(fields == ["a": ["type": "string"], "b": ["type": "string", "default": "c d"]])
    }

    @Test func whatIsNoFormIsRefused() {
        let many = (0..<65).reduce(into: JSONObject()) { $0["f\($1)"] = ["type": "string"] }
        for schema: JSONObject in [["type": "array"], ["properties": 5], ["properties": .object(many)]] {
            #expect(throws: UnaskableError.self) { try FormSchema(for: .july2026).adapted(schema) }
        }
        #expect((try? FormSchema(for: .july2026).adapted([:])) == ["type": "object", "properties": [:]])
    }

    @Test func theParametersAreThoseOfTheRevision() throws {
        let question = UserQuestion(message: "m", request: .form(schema: [:]))
        let schema: JSON = ["type": "object", "properties": [:]]
        #expect(
            try question.params(for: .june2025, modes: .form) == ["message": "m", "requestedSchema": schema])
        #expect(
            try question.params(for: .july2026, modes: .form)
                == ["mode": "form", "message": "m", "requestedSchema": schema])
        #expect(
            try UserQuestion.visit.params(for: .july2026, modes: [.form, .url])
                == ["mode": "url", "message": "Sign in.", "url": "https://example.org/"])
        let long = UserQuestion(
            message: String(repeating: "x", count: QuestionLimits.questionBytes), request: .form(schema: [:]))
        #expect(throws: UnaskableError.self) { try long.params(for: .july2026, modes: .form) }
    }
}
