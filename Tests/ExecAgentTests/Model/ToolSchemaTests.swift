import JSON
import Testing

@testable import ExecAgent

@Suite struct ToolSchemaTests {
    private static let nothing: JSON = ["type": "object", "properties": [:]]

    @Test(arguments: [
        ("{}", nil), (#"{"type":"object"}"#, nil), ("null", nil), ("true", nil), (#"{"type":["object","null"]}"#, nil),
        (#"{"type":"string"}"#, nil), (#"{"properties":[]}"#, nil),
        (
            #"{"type":"object","properties":{"a":true},"required":["a","b",7]}"#,
            #"{"type":"object","properties":{"a":{}},"required":["a"]}"#
        ),
        (
            #"{"properties":{"a":{"type":"array"}}}"#,
            #"{"type":"object","properties":{"a":{"type":"array","items":{}}}}"#
        ),
        (
            #"{"type":"object","properties":{},"additionalProperties":false}"#,
            #"{"type":"object","properties":{},"additionalProperties":false}"#
        ),
        // A union: what all demand is demanded, and what any takes is taken.
        (
            #"{"oneOf":[{"properties":{"k":{"const":"a"},"x":{"type":"integer"}},"required":["k","x"]},"#
                + #"{"properties":{"k":{"const":"b"},"y":{"type":"string"}},"required":["k"]}]}"#,
            #"{"type":"object","properties":{"k":{"enum":["a","b"]},"x":{"type":"integer"},"y":{"type":"string"}},"#
                + #""required":["k"]}"#
        ),
        (
            #"{"type":"object","properties":{"a":{}},"anyOf":[{"required":["a"]},{"required":["b"]}]}"#,
            #"{"type":"object","properties":{"a":{}}}"#
        ),
        (
            #"{"allOf":[{"properties":{"a":{"type":"string"}},"required":["a"]},{"required":["b"],"properties":{"b":{}}}]}"#,
            #"{"type":"object","properties":{"a":{"type":"string"},"b":{}},"required":["a","b"]}"#
        ),
    ])
    func everySchemaBecomesOneOfAnObject(schema: String, expected: String?) throws {
        #expect(
            ToolSchema.acceptable(try JSON.parse(schema)) == (try expected.map { try JSON.parse($0) } ?? Self.nothing))
    }

    @Test func referencesAreFollowed() {
        let schema: JSON = [
            "$ref": "#/$defs/A",
            "$defs": [
                "A": ["properties": ["n": ["$ref": "#/$defs/N"]]], "N": ["type": ["integer", "null"], "minimum": 1],
            ],
        ]
        #expect(ToolSchema.acceptable(schema)["properties"] == ["n": ["$ref": "#/$defs/N"]])
        #expect(ToolSchema.plain(schema) == ["type": "object", "properties": ["n": ["type": "integer"]]])
    }

    @Test func aSchemaInItselfEnds() {
        let schema: JSON = [
            "type": "object",
            "properties": [
                "left": ["$ref": "#"], "right": ["$ref": "#"], "x": ["anyOf": [["$ref": "#"], ["$ref": "#"]]],
            ],
        ]
        #expect(ToolSchema.plain(schema)["type"] == "object")
        #expect(ToolSchema.acceptable(["$ref": "#"]) == Self.nothing)
        #expect(ToolSchema.acceptable(["anyOf": [["$ref": "#"], ["$ref": "#"]]])["type"] == "object")
    }
}
