import MCPClient
import TestSupport
import Testing

@testable import MCPServers

/// Keys that a server has from its entry, and what is told of what it says.
@Suite(.timeLimit(.minutes(3))) struct ServerSecretsTests {
    private let fixture = Fixture()

    @Test func tellsNoSecretsOfWhatAServerSays() async throws {
        var entry = Fixture.entry(
            """
            def handle(message):
                if message["params"]["name"] == "refuse": return refuse(message, -1, "no " + os.environ["KEY"])
                say("boom " + os.environ["KEY"] + " " + "x" * 390)
                os._exit(5)
            serve(handle)
            """)
        entry.environment = ["KEY": "sk-SECRETVALUE"]
        try await fixture.withServer(entry) { server in
            await #expect(throws: SupervisionError.inUse(.refused(code: -1, message: "no [env KEY]"))) {
                try await server.text("refuse")
            }
            let failure = await #expect(throws: SupervisionError.self) { try await server.text("die") }
            let told =
                fixture.notices.elements.map(\.description) + fixture.said.elements + [
                    failure.map { "\($0.error(of: "fake"))" } ?? ""
                ]
            #expect(!told.contains { $0.contains("VALUE") }, "\(told)")
            #expect(fixture.said.elements.contains { $0.hasPrefix("boom [env KEY] x") })
        }
    }

    @Test(arguments: [
        (["--header", "Authorization: Bearer abcdefgh"], ["header Authorization": "Bearer abcdefgh"]),
        (["--header=X-Key:abcdefgh"], ["header X-Key": "abcdefgh"]),
        (["--header"], [:]), (["-H", "none"], [:]), (["x: y"], [:]),
    ])
    func takesHeadersForSecrets(arguments: [String], secrets: [String: String]) {
        let entry = ToolServerEntry(
            name: "n", command: "c", arguments: arguments, environment: ["PATH": "/usr/local/bin"])
        #expect(entry.secrets == secrets)
    }
}
