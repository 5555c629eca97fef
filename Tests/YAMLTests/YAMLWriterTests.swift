import JSON
import Testing
import YAML

@Suite struct YAMLWriterTests {
    @Test func writesBlocks() {
        let value: JSON = [
            "kind": "Role", "rules": [["verbs": ["get", "list"], "count": 2], []], "spec": ["podSelector": [:]],
            "is.on": true, "on": nil,
        ]
        #expect(
            YAML.text(of: value) == """
                kind: "Role"
                rules:
                  - verbs:
                      - "get"
                      - "list"
                    count: 2
                  - []
                spec:
                  podSelector: {}
                is.on: true
                "on": null

                """)
    }

    @Test(arguments: [
        "word", "", "true", "null", "1", "0x1f", ".5", "- item", "k: v", "# c", "it's", "\"quoted\"", "a\nb", " x ",
        "{y}", "\\n", "é", "日本語",
    ])
    func isReadBackAsItWas(text: String) throws {
        let value: JSON = [
            "text": .string(text), "list": [.string(text), [.string(text), ["deep": .string(text)]]],
            "maps": [["first": .string(text), "second": ["third": .string(text)]]],
        ]
        #expect(try YAML.parse(YAML.text(of: value)) == value)
        let key = JSON.object([text: 1])
        #expect(try YAML.parse(YAML.text(of: key)) == key)
    }

    @Test(arguments: [.null, true, 7, "text", [], [:]] as [JSON])
    func writesWhatIsNeitherAMapNorAList(value: JSON) throws {
        #expect(try YAML.parse(YAML.text(of: value)) == value)
    }
}
