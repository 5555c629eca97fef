import JSON
import Testing

@testable import BridgeModules

@Suite struct SchemaTypeTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let schema: JSON
        let annotation: String
        var outline: String?
        var isFaulty = false

        var testDescription: String { schema.text }
    }

    private static let words = JSON.array((0..<9).map { .string("word\($0)") })

    @Test(arguments: [
        // Simple types.
        Case(schema: ["type": "string"], annotation: "str"),
        Case(schema: ["type": "string", "format": "date-time", "pattern": "x"], annotation: "str"),
        Case(schema: ["type": "integer", "minimum": 1], annotation: "int"),
        Case(schema: ["type": "number"], annotation: "float"),
        Case(schema: ["type": "boolean"], annotation: "bool"),
        Case(schema: ["type": "null"], annotation: "None"),
        Case(schema: ["type": "STRING"], annotation: "str"),
        // Unions of names.
        Case(schema: ["type": ["string", "integer"]], annotation: "str | int"),
        Case(schema: ["type": ["null", "string"]], annotation: "str | None"),
        Case(schema: ["type": ["string", "string"]], annotation: "str"),
        Case(schema: ["type": ["string"]], annotation: "str"),
        Case(schema: ["type": "string", "nullable": true], annotation: "str | None"),
        Case(schema: ["type": ["string", "null"], "nullable": true], annotation: "str | None"),
        Case(schema: ["nullable": true], annotation: "Any"),
        // Enumerations.
        Case(schema: ["enum": ["a", "b"]], annotation: #"Literal["a", "b"]"#),
        Case(schema: ["type": "string", "enum": ["a", "a"]], annotation: #"Literal["a"]"#),
        Case(schema: ["enum": [1, true, "x", nil]], annotation: #"Literal[1, True, "x"] | None"#),
        Case(schema: ["type": "string", "enum": words], annotation: "str"),
        Case(schema: ["enum": words], annotation: "str"),
        Case(schema: ["enum": [JSON.string(String(repeating: "x", count: 130))]], annotation: "str"),
        Case(schema: ["type": "number", "enum": [1.5, 2.5]], annotation: "float"),
        Case(schema: ["enum": [1.5]], annotation: "Any"),
        Case(schema: ["type": "string", "enum": []], annotation: "str", isFaulty: true),
        Case(schema: ["type": "string", "enum": "a"], annotation: "str", isFaulty: true),
        Case(schema: ["const": "only"], annotation: #"Literal["only"]"#),
        Case(schema: ["const": nil], annotation: "None"),
        Case(schema: ["const": ["a": 1]], annotation: "Any"),
        Case(schema: ["enum": ["\"]; import os"]], annotation: #"Literal['"]; import os']"#),
        Case(schema: ["enum": ["it's \"both\""]], annotation: #"Literal["it's \"both\""]"#),
        // Arrays.
        Case(schema: ["type": "array", "items": ["type": "string"]], annotation: "list[str]"),
        Case(schema: ["type": "array"], annotation: "list"),
        Case(schema: ["type": "array", "items": true], annotation: "list"),
        Case(schema: ["items": ["type": "integer"]], annotation: "list[int]"),
        Case(
            schema: ["type": "array", "prefixItems": [["type": "string"], ["type": "integer"]], "items": false],
            annotation: "tuple[str, int]"),
        Case(schema: ["type": "array", "items": [["type": "string"], [:]]], annotation: "tuple[str, Any]"),
        Case(schema: ["type": "array", "prefixItems": []], annotation: "list"),
        Case(
            schema: ["type": "array", "items": ["type": "array", "items": ["type": ["integer", "null"]]]],
            annotation: "list[list[int | None]]"),
        // Objects.
        Case(
            schema: [
                "type": "object", "required": ["sku", "qty"],
                "properties": ["sku": ["type": "string"], "qty": ["type": "integer"], "note": ["type": "string"]],
            ], annotation: "dict", outline: "{sku: str, qty: int, note?: str}"),
        Case(schema: ["type": "object"], annotation: "dict"),
        Case(schema: ["type": "object", "additionalProperties": true], annotation: "dict"),
        Case(
            schema: ["type": "object", "additionalProperties": ["type": "integer"]], annotation: "dict[str, int]"),
        Case(schema: ["additionalProperties": ["type": "string"]], annotation: "dict[str, str]"),
        Case(
            schema: ["type": "object", "patternProperties": ["^x": ["type": "number"]]],
            annotation: "dict[str, float]"),
        Case(schema: ["properties": ["a": [:]]], annotation: "dict", outline: "{a?: Any}"),
        Case(
            schema: [
                "properties": ["a": ["properties": ["b": ["properties": ["c": ["properties": ["d": true]]]]]]]
            ], annotation: "dict", outline: "{a?: {b?: {…}}}"),
        Case(
            schema: [
                "type": "array", "items": ["properties": ["odd name": ["type": "array"]], "required": ["odd name"]],
            ],
            annotation: "list[dict]", outline: #"[{"odd name": list}]"#),
        // Combinations.
        Case(schema: ["anyOf": [["type": "string"], ["type": "null"]]], annotation: "str | None"),
        Case(
            schema: ["oneOf": [["type": "null"], ["type": "integer"], ["type": "string"]]],
            annotation: "int | str | None"),
        Case(schema: ["anyOf": [["const": "a"], ["const": "b"]]], annotation: #"Literal["a", "b"]"#),
        Case(schema: ["anyOf": [["type": "string"], [:]]], annotation: "Any"),
        Case(schema: ["type": "string", "anyOf": [["format": "date"], ["format": "time"]]], annotation: "str"),
        Case(
            schema: [
                "type": "object", "anyOf": [["required": ["a"]], ["required": ["b"]]],
                "properties": ["a": [:], "b": [:]],
            ],
            annotation: "dict", outline: "{a?: Any, b?: Any}"),
        Case(
            schema: ["anyOf": [["properties": ["a": true]], ["properties": ["b": true]]]], annotation: "dict",
            outline: "{a?: Any} | {b?: Any}"),
        Case(
            schema: [
                "anyOf": [
                    ["type": "string"], ["type": "integer"], ["type": "array"], ["type": "object"], ["const": "x"],
                    ["type": "array", "items": ["type": "string"]], ["type": "array", "items": ["type": "integer"]],
                ]
            ], annotation: "Any"),
        Case(
            schema: ["allOf": [["properties": ["a": ["type": "string"]]], ["properties": ["b": ["type": "string"]]]]],
            annotation: "dict", outline: "{a?: str, b?: str}"),
        Case(
            schema: ["properties": ["c": true], "allOf": [["properties": ["a": true]]]], annotation: "dict",
            outline: "{c?: Any, a?: Any}"),
        Case(
            schema: ["allOf": [["properties": ["a": ["type": "string"]]], ["properties": ["a": ["type": "integer"]]]]],
            annotation: "dict", outline: "{a?: str}"),
        Case(schema: ["allOf": [["minLength": 1], ["type": "string"], ["type": "integer"]]], annotation: "str"),
        Case(schema: ["allOf": [["$ref": "#/$defs/x"]], "$defs": ["x": ["type": "integer"]]], annotation: "int"),
        // References.
        Case(schema: ["$ref": "#/$defs/a~1b", "$defs": ["a/b": ["type": "integer"]]], annotation: "int"),
        Case(schema: ["$ref": "#/$defs/a%20b", "$defs": ["a b": ["type": "integer"]]], annotation: "int"),
        Case(
            schema: ["$ref": "#/definitions/x", "nullable": true, "definitions": ["x": ["type": "integer"]]],
            annotation: "int | None"),
        Case(schema: ["$ref": "#"], annotation: "Self"),
        Case(
            schema: ["$ref": "#/$defs/tree", "$defs": ["tree": ["type": "array", "items": ["$ref": "#/$defs/tree"]]]],
            annotation: "list[tree]"),
        Case(
            schema: [
                "$ref": "#/$defs/a",
                "$defs": [
                    "a": ["items": ["$ref": "#/$defs/b"]], "b": ["items": ["$ref": "#/$defs/c"]],
                    "c": ["items": ["$ref": "#/$defs/d"]], "d": ["items": ["$ref": "#/$defs/e"]],
                    "e": ["type": "string"],
                ],
            ], annotation: "list[list[list[list]]]"),
        Case(schema: ["$ref": "https://example.com/x.json"], annotation: "Any", isFaulty: true),
        Case(schema: ["$ref": "#/$defs/none"], annotation: "Any", isFaulty: true),
        Case(schema: ["$ref": 5], annotation: "Any", isFaulty: true),
        // Everything and nothing.
        Case(schema: [:], annotation: "Any"),
        Case(schema: true, annotation: "Any"),
        Case(schema: ["description": "no type"], annotation: "Any"),
        Case(schema: false, annotation: "Any", isFaulty: true),
        Case(schema: "string", annotation: "Any", isFaulty: true),
        Case(schema: ["type": "strnig"], annotation: "Any", isFaulty: true),
        Case(schema: ["type": 7], annotation: "Any", isFaulty: true),
        Case(schema: ["type": []], annotation: "Any", isFaulty: true),
        Case(schema: ["type": ["string", 7]], annotation: "Any", isFaulty: true),
        Case(schema: ["type": "object", "properties": 5], annotation: "dict", isFaulty: true),
        Case(schema: ["type": "array", "items": 5], annotation: "list", isFaulty: true),
        Case(schema: ["anyOf": 5, "type": "string"], annotation: "str"),
        Case(schema: ["anyOf": []], annotation: "Any", isFaulty: true),
        Case(
            schema: ["type": "object", "properties": ["a": true], "required": "a"], annotation: "dict",
            outline: "{a?: Any}", isFaulty: true),
    ])
    func aSchemaBecomesAnAnnotation(_ sample: Case) {
        let type = SchemaType(sample.schema)
        #expect(type.annotation == sample.annotation)
        #expect(type.outline == sample.outline)
        #expect((type.fault != nil) == sample.isFaulty, "\(type.fault ?? "no fault")")
    }

    @Test func aSchemaMayReferToTheDocumentThatItIsPartOf() {
        let root: JSON = ["$defs": ["x": ["type": "integer"]]]
        #expect(SchemaType(["$ref": "#/$defs/x"], root: root).annotation == "int")
        #expect(SchemaType(["$ref": "#/$defs/x"]).annotation == "Any")
    }

    @Test func aLongAnnotationIsReplacedByACoarserOne() {
        let names = (0..<6).map { JSON.string(String(repeating: "\($0)", count: 15)) }
        var schema: JSON = ["enum": .array(names)]
        for _ in 0..<10 { schema = ["type": "array", "items": schema] }
        #expect(SchemaType(schema).annotation == "list")
        #expect(SchemaType(["anyOf": [schema, ["type": "null"]]]).annotation == "list | None")
    }

    /// Schemas that would take exponential time, endless recursion or gigabytes.
    @Test func hostileSchemasTakeBoundedTime() throws {
        let doubling = JSON.object(
            (0..<40).reduce(into: JSONObject()) { defs, number in
                defs["d\(number)"] = [
                    "anyOf": [["$ref": .string("#/$defs/d\(number + 1)")], ["$ref": .string("#/$defs/d\(number + 1)")]]
                ]
            })
        var wide = JSONObject()
        for number in 0..<50_000 { wide["p\(number)"] = ["$ref": "#/$defs/all"] }
        let everything: JSON = [
            "type": "object", "properties": .object(wide), "required": .array(wide.keys.map(JSON.string)),
        ]
        var deep: JSON = [:]
        for _ in 0..<5_000 { deep = ["items": deep] }
        var objects: JSON = ["type": "string"]
        for _ in 0..<40 { objects = ["properties": ["a": objects, "b": objects]] }
        let values = JSON.array((0..<100_000).map { .integer($0) })
        for schema: JSON in [
            ["$ref": "#/$defs/d0", "$defs": doubling], ["$ref": "#/$defs/all", "$defs": ["all": everything]], deep,
            objects, ["enum": values], ["type": values], ["anyOf": values], ["allOf": values], ["prefixItems": values],
            ["$ref": "#/$defs/x", "$defs": ["x": ["allOf": [["$ref": "#/$defs/x"], ["$ref": "#"]]]]],
        ] {
            let type = SchemaType(schema)
            #expect(type.annotation.utf8.count <= 400)
            #expect((type.outline ?? "").utf8.count <= 100_000)
        }
    }

    @Test(
        arguments: [
            ("#/a/1", 8), ("#/a/2", nil), ("#/a/-1", nil), ("#/b~0c/d", 9), ("#/", 5), ("#a", nil), ("a", nil),
            ("", nil),
            ("#/x%C3%A9", 6), ("#/%zz", nil),
        ] as [(String, Int?)])
    func aPointerFindsItsTarget(reference: String, value: Int?) {
        let root: JSON = ["a": [7, 8], "b~c": ["d": 9], "": 5, "xé": 6]
        #expect(SchemaPointer.target(of: reference, in: root) == value.map(JSON.integer))
    }
}
