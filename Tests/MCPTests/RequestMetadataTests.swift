import JSON
import MCP
import Testing

@Suite struct RequestMetadataTests {
    private func context(_ meta: JSONObject, _ revision: Revision = .july2026) -> RequestContext {
        RequestContext(revision: revision, meta: meta)
    }

    @Test(
        arguments: [
            ("t", "t"), (0, 0), (-7, -7), (.double(5), .double(5)), (.double(-1e3), .double(-1e3)), (1.5, nil),
            (.double(1e300), nil), (true, nil), (nil, nil), ([], nil),
        ] as [(JSON, JSON?)])
    func takesAProgressToken(value: JSON, token: JSON?) {
        #expect(context(["progressToken": value]).progressToken == token)
    }

    @Test func hasNoProgressTokenUnlessTheClientSaysSo() {
        #expect(context([:]).progressToken == nil)
    }

    @Test(arguments: [
        ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", true),
        ("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more", true),
        ("ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", false),
        ("00-00000000000000000000000000000000-00f067aa0ba902b7-01", false),
        ("00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01", false),
        ("00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01", false),
        ("00-4bf92f35-00f067aa0ba902b7-01", false), ("", false), ("-----", false),
        ("00-4bf92f3577b34da6a3ce929d0e0e473\u{1b}-00f067aa0ba902b7-01", false),
    ])
    func findsTheTrace(text: String, isValid: Bool) {
        let trace = context(["traceparent": .string(text)]).traceID
        #expect(trace == (isValid ? "4bf92f3577b34da6a3ce929d0e0e4736" : nil))
    }

    @Test(
        arguments: [
            (["extensions": [ExtensionID.tasks: [:]]], true), (["extensions": [ExtensionID.tasks: ["a": 1]]], true),
            (["extensions": [ExtensionID.tasks: true]], false), (["extensions": [ExtensionID.skills: [:]]], false),
            (["extensions": []], false), ([:], false), (["extensions": nil], false), ([], false),
            (["extensions": [ExtensionID.tasks: []]], true), (["extensions": [ExtensionID.tasks: nil]], false),
        ] as [(JSON, Bool)])
    func knowsWhichExtensionsAreDeclared(capabilities: JSON, isDeclared: Bool) {
        let meta: JSONObject = [MetaKey.clientCapabilities: capabilities]
        #expect(context(meta).declares(extension: ExtensionID.tasks) == isDeclared)
        #expect(!context(meta, .november2025).declares(extension: ExtensionID.tasks))
    }

    @Test func keepsLittleHoweverMuchThereIs() {
        let long = JSON.string(String(repeating: "x", count: 1_000_000))
        let many = JSON.array(Array(repeating: 0, count: 1000))
        let metas: [JSONObject] = [
            ["padding": long, "other": many], ["x-user-id": long], ["x-user-id": many], ["traceparent": long],
            ["progressToken": ["a": many]], [MetaKey.clientCapabilities: ["extensions": ["a": many], "b": long]],
        ]
        for meta in metas { #expect(JSON.object(context(meta).meta).text.count < 1100) }
        #expect(context(["x-user-id": long]).meta["x-user-id"]?.stringValue?.count == 1025)
        #expect(context(["x-user-id": many]).meta["x-user-id"] == [])
        #expect(context(["x-user-id": nil]).meta["x-user-id"] == nil)
    }
}
