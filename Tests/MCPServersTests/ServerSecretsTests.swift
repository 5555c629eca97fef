import MCPClient
import MCPServersTestSupport
import TestSupport
import Testing

@testable import MCPServers

/// Keys that a server has from its entry, and what is told of what it says.
@Suite(.timeLimit(.minutes(3))) struct ServerSecretsTests {
    private let fixture = Fixture()

    @Test func tellsNoSecretsOfWhatAServerSays() async throws {
        var entry = ToolServerEntry.fake(
            """
            def handle(message):
                if message["params"]["name"] == "refuse": return refuse(message, -1, "no " + os.environ["KEY"])
                if message["params"]["name"] == "fail":
                    words = " ".join(sys.argv + list(os.environ.values()))
                    content = [{"type": "text", "text": words}]
                    return answer(message, {"content": content, "structuredContent": {"x": [words]}, "isError": True})
                say("started as " + " ".join(sys.argv))
                say("boom " + os.environ["KEY"] + " " + "x" * 390)
                os._exit(5)
            serve(handle)
            """)
        entry.environment = ["KEY": "sk-SECRETVALUE"]
        entry.arguments += [
            "--api-key", "ARGUMENTVALUE", "https://me:PASSWORDVALUE@example.com",
            "--connection-string=Server=db;Password=HUNTERVALUE;", #"--config={"headers":{"X":"HEADERVALUE"}}"#,
            #"{"servers":[{"apiKey":"MEMBERVALUE"},["--token","NESTEDVALUE"]]}"#, "Data Source=db;Pwd=SHORTENEDVALUE",
        ]
        try await fixture.withServer(entry) { server in
            await #expect(throws: SupervisionError.inUse(.refused(code: -1, message: "no [env KEY]"))) {
                try await server.text("refuse")
            }
            let result = try await server.text("fail")
            #expect(result.contains("Server=db") == false, "\(result)")
            #expect(!result.contains("VALUE"), "\(result)")
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
        (
            ["--connection-string=Server=db;User Id=me;Password=abc"],
            [
                "argument connection-string": "Server=db;User Id=me;Password=abc",
                "Password of a connection string": "abc",
            ]
        ),
        (["--connectionString", "abc"], ["argument connectionString": "abc"]),
        (
            [#"{"a":{"api_key":"abc","n":1},"token":"def"}"#],
            ["member of an argument": "abc", "member of an argument 2": "def"]
        ),
        ([#"--config={"url":"https://me:abc@host/"}"#], ["password of a URL": "abc"]),
        ([#"{"env":{"X":"abc"}}"#], ["member of an argument": "abc"]), ([#"{"path":"/a","keyboard":"x"}"#], [:]),
    ])
    func takesKeysInArgumentsForSecrets(arguments: [String], secrets: [String: String]) {
        let entry = ToolServerEntry(
            name: "n", command: "c", arguments: arguments, environment: ["PATH": "/usr/local/bin"])
        #expect(entry.secrets == secrets)
    }

    @Test func takesHeadersAndKeysInTheURLForSecrets() {
        var entry = ToolServerEntry(name: "n", command: "")
        entry.url = "https://me:abcdefgh@host/api/mcp/0123456789abcdefXYZ/sse?user=1&token=abc&x=k1234567890123456#f"
        entry.headers = ["X-Key": "Bearer abc"]
        #expect(
            entry.secrets == [
                "header X-Key": "Bearer abc", "password of a URL": "abcdefgh", "token of a URL": "abc",
                "part 1 of the URL": "0123456789abcdefXYZ", "part 2 of the URL": "k1234567890123456",
            ])
    }
}
