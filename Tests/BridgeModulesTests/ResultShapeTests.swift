import JSON
import Testing

@testable import BridgeModules

@Suite struct ResultShapeTests {
    private static func text(_ results: JSON...) -> String { text(results) }

    private static func text(_ results: [JSON]) -> String {
        var shape = ResultShape(results[0])
        for result in results.dropFirst() { shape.merge(result) }
        return shape.text
    }

    @Test(
        arguments: [
            // One result.
            (
                ["order_id": "O-1", "total": 9.5, "count": 2, "open": true, "gone": nil],
                "{order_id: str, total: float, count: int, open: bool, gone: None}"
            ),
            ("text", "str"), (5, "int"), ([], "list"), ([:], "dict"), ([1, 2], "[int]"), ([1, 2.5], "[float]"),
            ([1, "a", nil], "[int | str | None]"), ([["a": 1]], "[{a: int}]"),
            (
                ["items": [["sku": "a", "qty": 1], ["sku": "b", "note": "x"]]],
                "{items: [{sku: str, qty?: int, note?: str}]}"
            ),
            (["a": ["b": ["c": ["d": 1]]]], "{a: {b: {…}}}"), ([[1], []], "[[int]]"), ([[], [1]], "[[int]]"),
            ([["a": 1], [:]], "[{a?: int}]"), ([["a": []], ["a": ["x"]]], "[{a: [str]}]"),
            ([["a": ["x": 1]], ["a": nil]], "[{a: {x: int} | None}]"),
            ([["a": ["x": 1]], ["a": nil], ["a": ["y": "s"]]], "[{a: {x?: int, y?: str} | None}]"),
            // Names that are data.
            (["alice@example.com": 5], "dict[str, int]"),
            (["2024-01-02": ["n": 1], "2024-01-03": ["n": 2]], "dict[str, {n: int}]"),
            (["user_10042": "x"], "dict[str, str]"), (["Jane Doe": 1, "ok": "x"], "dict[str, int | str]"),
            (["john": ["age": 1], "mary": ["age": 2], "eve": ["age": 3]], "dict[str, {age: int}]"),
            (["": 1], "dict[str, int]"), (["x\u{202E}": 1], "dict[str, int]"),
            (["9f8c2a4e-0b1d-4c3e-8f7a-6b5c4d3e2f1a": 1], "dict[str, int]"), (["deadbeef1": 1], "dict[str, int]"),
            (["+49 30 1234": 1], "dict[str, int]"), (["2024": 1], "dict[str, int]"), (["a.b": 1], "dict[str, int]"),
            (["skLiVeAbCdEfGhIjKl": 1], "dict[str, int]"), (["na\u{EF}ve": 1], "dict[str, int]"),
            (["A": ["id": "A"]], "dict[str, {id: str}]"), (["bob": "bob"], "dict[str, str]"),
            (["x\"]}\n": 1], "dict[str, int]"), (["createdAtUtc": 1, "v2": 2], "{createdAtUtc: int, v2: int}"),
            (["max-age": 1, "_id": "x"], "{max-age: int, _id: str}"),
        ] as [(JSON, String)])
    func aResultBecomesNamesAndTypes(result: JSON, text: String) {
        #expect(Self.text(result) == text)
    }

    @Test func severalResultsAreMerged() {
        #expect(Self.text(["a": 1, "b": "x"], ["a": 2]) == "{a: int, b?: str}")
        #expect(Self.text(["a": 1], ["a": 1.5, "c": nil]) == "{a: float, c?: None}")
        #expect(Self.text([], [["x": 1]]) == "[{x: int}]")
        #expect(Self.text(["x": 1], "error text") == "{x: int} | str")
        #expect(Self.text("error text", ["x": 1], ["y": 1]) == "str | dict[str, int]")
        #expect(Self.text(["john": 4], ["mary": 5]) == "dict[str, int]")
        #expect(Self.text(["a": nil], ["a": 1], ["a": "x"]) == "{a: int | str | None}")
    }

    @Test func theOrderOfResultsChangesNoType() {
        let results: [JSON] = [
            ["a": 1, "l": []], ["a": nil, "l": [["x": 1]]], ["a": 2.5, "l": [["y": "s"], ["x": 3]]],
        ]
        #expect(Self.text(results) == "{a: float | None, l: [{x?: int, y?: str}]}")
        #expect(Self.text(results.reversed()) == "{a: float | None, l: [{y?: str, x?: int}]}")
    }

    @Test func noValueIsEverShown() {
        let secret = "s3cr3t-value-4711"
        let value: JSON = .string(secret)
        let results: [JSON] = [
            value, [value], ["a": value], .object([secret: 1]), ["a": .object([secret: value])], [[value, [value]]],
        ]
        for result in results { #expect(!Self.text(result).contains("s3cr3t")) }
        #expect(!Self.text(results).contains("s3cr3t"))
    }

    @Test(
        arguments: [
            (["content": [["type": "text", "text": "{\"a\": 1}"]]], "{a: int}"),
            (["content": [["type": "text", "text": " [1.5]"]]], "[float]"),
            (["content": [["type": "text", "text": "007"]]], "str"),
            (["content": [["type": "text", "text": "[INFO] started"]]], "str"),
            (["content": [["type": "text", "text": "{\"a\": 1"]]], "str"), (["content": [[:]]], "dict"),
            (["content": []], "None"), ([:], "None"), (["content": "text"], "None"),
            (["content": [["type": "text", "text": "a"], ["type": "text", "text": "[]"]]], "[str | list]"),
            (["content": [["type": "image", "data": "AA=="]]], "File"),
            (["content": [["type": "text", "text": "a"], ["type": "audio", "data": "AA=="]]], "[str | File]"),
            (["content": [["type": "resource", "resource": ["uri": "x", "blob": "AA=="]]]], "File"),
            (["content": [["type": "resource", "resource": ["uri": "x", "text": "{}"]]]], "dict"),
            (["content": [["type": "resource_link", "uri": "x"]]], "Link"),
            (["content": [], "structuredContent": ["n": 1]], "{n: int}"),
            (["content": [["type": "text", "text": "x"]], "structuredContent": nil], "str"),
            (["content": [], "isError": true], nil),
        ] as [(JSONObject, String?)])
    func whatPythonGetsOfAResultIsLearned(result: JSONObject, text: String?) throws {
        let shape = ResultShape(ofResult: result)
        #expect(shape?.text == text)
        if let shape { #expect(ResultShape(stored: try JSON.parse(shape.stored.text)) == shape) }
    }

    @Test func aLongTextIsNotLookedAt() {
        let text = JSON.string("[" + String(repeating: "1,", count: 600_000) + "1]")
        #expect(ResultShape(ofResult: ["content": [["type": "text", "text": text]]]) == nil)
    }

    @Test func aShapeHasFewParts() {
        let fields = (0..<30).reduce(into: JSONObject()) { $0["f" + String(repeating: "x", count: $1)] = 1 }
        let nested = (0..<30).reduce(into: JSONObject()) { object, number in
            object["g" + String(repeating: "x", count: number)] = .array([.object(fields), .integer(number)])
        }
        var shape = ResultShape(.object(nested))
        shape.merge([.object(nested), .object(fields)])
        #expect(shape.stored.serialized().count < 20_000)
    }

    @Test func learningIsBounded() {
        var deep: JSON = 1
        for _ in 0..<100 { deep = ["a": deep] }
        let wide = JSON.object((0..<5_000).reduce(into: JSONObject()) { $0["k\($1)"] = .integer($1) })
        let long = JSON.array((0..<100_000).map { ["n": .integer($0)] })
        for result in [deep, wide, long, [deep, wide, long]] as [JSON] {
            #expect(Self.text(result).unicodeScalars.count <= 600)
        }
        #expect(Self.text(wide) == "dict[str, int]")
        var shape = ResultShape(1)
        for _ in 0..<10 { shape.merge("later") }
        #expect(shape.samples == ResultShape.maxSamples)
    }

    @Test(
        arguments: [
            1, "x", nil, [[1], ["a"]], ["a": [["b": 1], [:]], "c": ["x y": 1.5]], [1, "a", nil], true,
        ] as [JSON])
    func aShapeSurvivesItsFile(result: JSON) throws {
        let shape = ResultShape(result)
        let text = shape.stored.text
        #expect(ResultShape(stored: try JSON.parse(text)) == shape)
    }

    @Test(
        arguments: [
            nil, [:], ["samples": 0, "shape": "int"], ["samples": 1], ["samples": 1, "shape": "Secret"],
            ["samples": 1, "shape": ["list"]], ["samples": 1, "shape": ["object", ["a", true]]],
            ["samples": 1, "shape": ["object", [1, true, "int"]]], ["samples": 1, "shape": ["union", "int"]],
            ["samples": 1, "shape": []], ["samples": 1, "shape": ["list", ["nothing", "int"]]],
        ] as [JSON])
    func aDamagedFileIsNoShape(stored: JSON) {
        #expect(ResultShape(stored: stored) == nil)
    }
}
