import JSON
import Testing
import YAML

/// Anchors, aliases and merge keys, where they are asked for.
@Suite struct ReferenceTests {
    private func reason(_ text: String) -> String? {
        do throws(YAMLError) {
            _ = try YAML.parseWithReferences(text)
            return nil
        } catch {
            return error.reason
        }
    }

    @Test(
        arguments: [
            ("a: &x 1\nb: *x", ["a": 1, "b": 1]), ("a: &x\n  k: 1\nb: *x # here\n", ["a": ["k": 1], "b": ["k": 1]]),
            ("a: &x\n- 1\n- 2\nb: *x", ["a": [1, 2], "b": [1, 2]]), ("- &x a\n- *x\n- - *x", ["a", "a", ["a"]]),
            ("- &x\n  k: 1\n- *x", [["k": 1], ["k": 1]]), ("a: [&x 1, *x, &y [2], *y]", ["a": [1, 1, [2], [2]]]),
            ("{a: &x {k: 1}, b: *x}", ["a": ["k": 1], "b": ["k": 1]]), ("&top\na: 1", ["a": 1]), ("&x text", "text"),
            ("a: &x |\n  one\nb: *x", ["a": "one\n", "b": "one\n"]), ("a: &x 'q'\nb: *x", ["a": "q", "b": "q"]),
            ("a: &x\nb: *x", ["a": nil, "b": nil]), ("a: &x 1\nb: &x 2\nc: *x", ["a": 1, "b": 2, "c": 2]),
            ("a: &a-b.c 1\nb: *a-b.c", ["a": 1, "b": 1]), ("a: &x [&y 1]\nb: [*x, *y]", ["a": [1], "b": [[1], 1]]),
            ("a: &x {k: 1, l: 2}\nb:\n  <<: *x\n  k: 3", ["a": ["k": 1, "l": 2], "b": ["k": 3, "l": 2]]),
            (
                "a: &x {k: 1}\nb: &y {k: 2, m: 4}\nc:\n  l: 0\n  <<: [*x, *y]",
                ["a": ["k": 1], "b": ["k": 2, "m": 4], "c": ["l": 0, "k": 1, "m": 4]]
            ),
            ("a: &x {k: 1}\nb: {<<: *x, l: 2}", ["a": ["k": 1], "b": ["k": 1, "l": 2]]),
            ("a:\n  <<: {k: 1}\n  <<: {k: 2, l: 3}", ["a": ["k": 1, "l": 3]]), ("'<<': 1", ["<<": 1]),
            ("a: '&x'\nb: \"*x\"\nc: a&b\nd: a*", ["a": "&x", "b": "*x", "c": "a&b", "d": "a*"]),
        ] as [(String, JSON)])
    func readsWhatTheyStandFor(text: String, value: JSON) throws {
        #expect(try YAML.parseWithReferences(text) == value)
    }

    @Test(arguments: [
        ("a: *x", "no anchor &x is defined above"), ("a: &x [*x]", "no anchor &x is defined above"),
        ("a: &x 1\n*x : 2", "not supported"), ("a: &x {}\nb: *x y", "unexpected text after the alias"),
        ("- &x k: 1", "put it on the one above"), ("&x k: 1", "put it on the one above"), ("a: & b", "without a name"),
        ("a: *", "without a name"), ("<<: 1", "accepts only maps"), ("<<: [1]", "accepts only maps"),
        ("{<<}", "accepts only maps"),
        ("[<<: {}]", "is not allowed here"), ("a: &x 1\n<<: *x", "accepts only maps"), ("a: &x {k: 1}\n{*x : 1}", ""),
        ("a: !tag b", "tags"), ("a: &x !t b", "tags"),
    ])
    func saysWhatCannotBe(text: String, part: String) throws {
        #expect(try #require(reason(text)).contains(part))
    }

    @Test func whatTheyStandForIsBounded() throws {
        var doubling = "a0: &a0 [x, x, x, x]\n"
        for number in 1...40 {
            let alias = "*a\(number - 1)"
            doubling += "a\(number): &a\(number) [\(alias), \(alias), \(alias), \(alias)]\n"
        }
        #expect(reason(doubling)?.contains("expand beyond the limit") == true)
        var nesting = "a0: &a0 x\n"
        for number in 1...100 { nesting += "a\(number): &a\(number) [*a\(number - 1)]\n" }
        #expect(reason(nesting)?.contains("nested deeper") == true)
        let wide = "a: &a \(String(repeating: "x", count: 1_000_000))\n" + String(repeating: "- *a\n", count: 100)
        #expect(reason(wide.replacing("a: &a", with: "- &a"))?.contains("expand beyond the limit") == true)
        #expect(try YAML.parseWithReferences("a: &x 1\n" + "b: [\(String(repeating: "*x, ", count: 10_000))]") != .null)
    }

    @Test func theyAreRefusedUnlessTheyAreAskedFor() {
        for text in ["a: &x 1", "a: *x", "<<: {}", "- &x", "{a: *x}", "[&x 1]"] {
            #expect(yamlError(text)?.reason.contains("not supported") == true)
        }
    }
}
