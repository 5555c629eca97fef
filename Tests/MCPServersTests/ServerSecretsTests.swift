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
                say("started as " + " ".join(sys.argv))
                say("boom " + os.environ["KEY"] + " " + "x" * 390)
                os._exit(5)
            serve(handle)
            """)
        entry.environment = ["KEY": "sk-SECRETVALUE"]
        entry.arguments += ["--api-key", "ARGUMENTVALUE", "https://me:PASSWORDVALUE@example.com"]
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
        (["--api-key", "abcdefgh"], ["argument api-key": "abcdefgh"]),
        (["--api-key=abcdefgh", "--verbose"], ["argument api-key": "abcdefgh"]),
        (["--token", "-abcdefgh", "run"], ["argument token": "-abcdefgh"]), (["-token=a=b"], ["argument token": "a=b"]),
        (["--githubToken", "abc"], ["argument githubToken": "abc"]),
        (["--API_KEY", "abc"], ["argument API_KEY": "abc"]),
        (["-e", "API_KEY=abcdefgh", "image"], ["argument API_KEY": "abcdefgh"]),
        (["--env=DB_PASSWORD=abc"], ["argument DB_PASSWORD": "abc"]),
        (["client.secret=abc"], ["argument client.secret": "abc"]),
        (["--password"], [:]), (["--password", "--verbose"], [:]), (["--key-file", "/a/b"], [:]),
        (["--max-tokens", "100000"], [:]), (["--keyboard", "german-layout"], [:]), (["--name", "monkey"], [:]),
        (
            ["postgresql://me:s3cr%40t@host/db?sslmode=on"],
            ["password of a URL": "s3cr%40t", "password of a URL, decoded": "s3cr@t"]
        ),
        (["https://abcdefgh@host/"], ["password of a URL": "abcdefgh"]), (["https://host:80/a@b"], [:]),
        (
            ["--url=https://host/mcp?x=1&api_key=abc#token=d"],
            ["api_key of a URL": "abc", "token of a URL": "d"]
        ),
        (["--url", "wss://host/?apiKey=abcdefgh"], ["apiKey of a URL": "abcdefgh"]),
        (["--token", "a", "--token", "b"], ["argument token": "a", "argument token 2": "b"]),
        (["--token", "a", "--token=a"], ["argument token": "a"]),
    ])
    func takesKeysInArgumentsForSecrets(arguments: [String], secrets: [String: String]) {
        let entry = ToolServerEntry(
            name: "n", command: "c", arguments: arguments, environment: ["PATH": "/usr/local/bin"])
        #expect(entry.secrets == secrets)
    }
}
