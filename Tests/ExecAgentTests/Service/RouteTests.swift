import HTTPServer
import JSON
import MCPServers
import TestSupport
import Testing

@testable import ExecAgent

@Suite(.timeLimit(.minutes(3))) struct RouteTests {
    private static let picture = ArtifactFile(mediaType: "image/png", bytes: (0...255).map { UInt8($0) })
    private let toolProvider = FakeToolBox(files: [
        "": ["page.html": ArtifactFile(mediaType: "text/html", bytes: Array("<b>".utf8))],
        "ann": [
            "plot ä\".png": picture,
            "strange": ArtifactFile(mediaType: "text/html\r\nX: y", bytes: []),
        ],
    ])

    @Test func listsModels() async throws {
        var options = ServiceOptions()
        options.model = "org/model-1"
        try await ServiceTrial(options: options).run { trial in
            let list = try await trial.ask("GET", "/v1/models")
            #expect(list.json["object"] == "list")
            #expect(list.json["data"]?.arrayValue?.count == 1)
            #expect(list.json["data"]?.arrayValue?.first?["id"] == "org/model-1")
            for path in ["/v1/models/org/model-1", "/v1/models/org%2Fmodel-1"] {
                #expect(try await trial.ask("GET", path).json == list.json["data"]?.arrayValue?.first)
            }
            let missing = try await trial.ask("GET", "/v1/models/other")
            #expect(missing.status == 404)
            #expect(missing.error?["code"] == "model_not_found")
        }
    }

    @Test func servesSkills() async throws {
        try await ServiceTrial(toolProvider: toolProvider).run { trial in
            let list = try await trial.ask("GET", "/skills")
            #expect(list.json["data"]?.arrayValue?.map { $0["name"] } == ["pdf", "xlsx"])
            let skill = try await trial.ask("GET", "/skills/pdf")
            #expect(skill.body == "# PDF ä")
            #expect(skill.field("Content-Type") == "text/markdown; charset=utf-8")
            let missing = try await trial.ask("GET", "/skills/none")
            #expect(missing.status == 404)
            #expect(missing.error?["code"] == "skill_not_found")
        }
    }

    @Test func servesArtifactsAsDownloads() async throws {
        try await ServiceTrial(toolProvider: toolProvider).run { trial in
            let list = try await trial.ask("GET", "/ann/artifacts").json["data"]?.arrayValue ?? []
            #expect(list.map { $0["name"] } == ["plot ä\".png", "strange"])
            #expect(list.first?["size"] == 256)
            #expect(list.first?["media_type"] == "image/png")
            let path = try #require(list.first?["path"]?.stringValue)
            #expect(path == "/ann/artifacts/plot%20%C3%A4%22.png")

            let file = try await trial.ask("GET", path)
            #expect(file.status == 200)
            #expect(file.field("Content-Type") == "image/png")
            #expect(
                file.field("Content-Disposition")
                    == "attachment; filename=\"plot __.png\"; filename*=UTF-8''plot%20%C3%A4%22.png")
            #expect(file.field("X-Content-Type-Options") == "nosniff")
            #expect(file.field("Content-Length") == "256")
            #expect(file.field("Content-Security-Policy")?.contains("sandbox") == true)

            let strange = try await trial.ask("GET", "/ann/artifacts/strange")
            #expect(strange.status == 200)
            #expect(strange.field("Content-Type") == "application/octet-stream")
            #expect(try await trial.ask("GET", "/default/artifacts/page.html").body == "<b>")

            let missing = try await trial.ask("GET", "/ann/artifacts/page.html")
            #expect(missing.status == 404)
            #expect(missing.error?["code"] == "artifact_not_found")
            for path in ["/ann/artifacts/..", "/ann/artifacts/%2e%2e", "/ann/artifacts/a%2Fb", "/ann/artifacts/a/b"] {
                #expect(try await trial.ask("GET", path).status == 404, "\(path)")
            }
            #expect(try await trial.ask("GET", "/-x/artifacts").json["data"] == [])
        }
    }

    @Test func servesBytesAsTheyAre() async throws {
        try await ServiceTrial(toolProvider: toolProvider).run { trial in
            let client = try trial.send("GET", "/ann/artifacts/plot%20%C3%A4%22.png")
            let answer = try await client.readBytesToEnd()
            #expect(answer.suffix(256).elementsEqual(Self.picture.bytes))
        }
    }

    @Test func tellsOfServersThatFail() async throws {
        var failing = FakeToolBox()
        failing.states = [ToolServerHealth(name: "exec-mcp", state: .failed("not found"))]
        failing.failure = ToolServerError(message: "exec-mcp does not start: not found")
        try await ServiceTrial(toolProvider: failing).run { trial in
            let health = try await trial.ask("GET", "/health")
            #expect(health.status == 503)
            #expect(health.json["status"] == "degraded")
            #expect(health.json["mcp_server_connected"] == false)
            #expect(health.json["service"] == "agent-api")
            #expect(health.json["servers"] == [["name": "exec-mcp", "state": "failed", "reason": "not found"]])
            let list = try await trial.ask("GET", "/ann/artifacts")
            #expect(list.status == 502)
            #expect(list.error?["message"] == "exec-mcp does not start: not found")
        }
    }

    /// A request, and the answer that refuses it.
    struct Refusal: Sendable {
        let method: String
        let path: String
        let status: Int
        let code: JSON
    }

    @Test(arguments: [
        Refusal(method: "POST", path: "/", status: 405, code: "method_not_allowed"),
        Refusal(method: "GET", path: "/v1", status: 404, code: "not_found"),
        Refusal(method: "GET", path: "/v1/chat", status: 404, code: "not_found"),
        Refusal(method: "POST", path: "/v1/images/generations", status: 405, code: "unknown_url"),
        Refusal(method: "POST", path: "/rerank", status: 405, code: "unknown_url"),
        Refusal(method: "POST", path: "/v1/audio/speech", status: 405, code: "unknown_url"),
        Refusal(method: "POST", path: "/v1/embeddings/", status: 405, code: "unknown_url"),
        Refusal(method: "GET", path: "/v1/responses/x", status: 404, code: "response_not_found"),
        Refusal(method: "POST", path: "/v1/other", status: 404, code: "not_found"),
        Refusal(method: "GET", path: "/v1/chat/completions", status: 405, code: "method_not_allowed"),
        Refusal(method: "POST", path: "/v1/models", status: 405, code: "method_not_allowed"),
        Refusal(method: "GET", path: "/v1/sessions/a", status: 405, code: "method_not_allowed"),
        Refusal(method: "BREW", path: "/health", status: 405, code: "method_not_allowed"),
        Refusal(method: "GET", path: "/skills/%2F", status: 404, code: "not_found"),
        Refusal(method: "GET", path: "/../artifacts", status: 404, code: "not_found"),
        Refusal(method: "GET", path: "/./artifacts", status: 404, code: "not_found"),
        Refusal(method: "GET", path: "/a%FF/artifacts", status: 404, code: "not_found"),
    ])
    func refusesInOpenAIsShape(_ refusal: Refusal) async throws {
        try await ServiceTrial().run { trial in
            let answer = try await trial.ask(refusal.method, refusal.path)
            #expect(answer.status == refusal.status)
            #expect(answer.error?["code"] == refusal.code)
            #expect(answer.error?.objectValue?.keys == ["message", "type", "param", "code"])
            #expect((answer.field("Allow") != nil) == (refusal.status == 405))
            #expect(!answer.head.contains("Access-Control"))
            if refusal.method == "POST", refusal.status == 404 || refusal.code == "unknown_url" {
                let message = answer.error?["message"]?.stringValue ?? ""
                #expect(message.contains("POST /v1/chat/completions"))
                #expect(message.contains(refusal.path))
            }
        }
    }

    @Test(arguments: [
        "//v1/models", "/v1//models", "/v1/models/", "/v1/models//", "///v1///models///", "//skills", "/skills/",
        "//default/artifacts", "/default//artifacts/", "/models", "/v1/v1/models", "//models/",
    ])
    func takesSlashesThatComeOfPuttingAddressesTogether(path: String) async throws {
        try await ServiceTrial(toolProvider: toolProvider).run { trial in
            let answer = try await trial.ask("GET", path)
            #expect(answer.status == 200)
            #expect(answer.json["object"] == "list")
            let body = ServiceTrial.body([["role": "user", "content": "hi"]])
            for path in [
                "//v1/chat/completions/", "/chat/completions", "/v1/v1/chat/completions", "/chat//completions/",
            ] {
                #expect(try await trial.ask("POST", path, body).text == "hello", "\(path)")
            }
        }
    }

    @Test(arguments: [
        ("/v1/chat/completions", "POST, OPTIONS"), ("/v1/models", "GET, HEAD, OPTIONS"),
        ("/chat/completions", "POST, OPTIONS"), ("/v1/sessions/a", "DELETE, OPTIONS"),
    ])
    func saysWhichMethodsThereAre(path: String, methods: String) async throws {
        try await ServiceTrial().run { trial in
            let answer = try await trial.ask("OPTIONS", path)
            #expect(answer.status == 204)
            #expect(answer.field("Allow") == methods)
            #expect(!answer.head.contains("Access-Control"))
            let foreign = try await trial.ask("OPTIONS", path, fields: "Origin: http://evil.example\r\n")
            #expect(foreign.status == 403)
        }
    }

    @Test(arguments: [
        "ann@example.com", "auth0|5f7c8e", "a/b\\c", " ", "Jörg Müller", "日本", "a b%2Fc", "-x", "a\n\u{0}b", "%2e%2e",
        String(repeating: "x", count: 300),
    ])
    func findsTheArtifactsOfAnyUser(user: String) async throws {
        let file = ArtifactFile(mediaType: "text/plain", bytes: Array("mine".utf8))
        let runner = FakeRunner()
        try await ServiceTrial(runner, toolProvider: FakeToolBox(files: [UserName.of(user): ["a.txt": file]])).run {
            trial in
            #expect(try await trial.say("hi", ["user": .string(user)]).status == 200)
            let list = try await trial.ask("GET", "/\(Download.encoded(user))/artifacts")
            let path = try #require(list.json["data"]?.arrayValue?.first?["path"]?.stringValue)
            #expect(try await trial.ask("GET", path).body == "mine")
            let ended = try await trial.ask("DELETE", "/v1/sessions/\(Download.encoded(user))")
            #expect(ended.json["deleted"] == true)
            #expect(ended.json["id"] == .string(user))
        }
        #expect(runner.requests.elements.first?.user == UserName.of(user))
    }

    @Test func refusesBadRequestsInOpenAIsShape() async throws {
        var options = ServiceOptions()
        options.http.bodyBytes = 100
        try await ServiceTrial(options: options).run { trial in
            for (text, status) in [
                ("NONSENSE\r\n\r\n", 400), ("GET / HTTP/1.1\r\n\r\n", 400),
                ("POST / HTTP/1.1\r\nHost: localhost:\(trial.port)\r\nContent-Length: 101\r\n\r\n", 413),
                ("GET / HTTP/1.1\r\nX: \(String(repeating: "x", count: 40_000))\r\n\r\n", 431),
            ] {
                let client = try RawClient(port: trial.port)
                try client.send(text)
                let answer = try await Answer(client.readToEnd())
                #expect(answer.status == status)
                #expect(answer.error?["message"]?.stringValue?.isEmpty == false)
            }
        }
    }

    @Test func answersHEAD() async throws {
        try await ServiceTrial().run { trial in
            let answer = try await trial.ask("HEAD", "/v1/models")
            #expect(answer.status == 200)
            #expect(answer.body.isEmpty)
            #expect(answer.field("Content-Length") != "0")
        }
    }

    @Test func describesExactlyWhatThereIs() async throws {
        try await ServiceTrial().run { trial in
            let document = try await trial.ask("GET", "/openapi.json").json
            #expect(document["openapi"] == "3.1.0")
            let paths = try #require(document["paths"]?.objectValue)
            #expect(
                paths.keys.sorted() == [
                    "/health", "/metrics", "/openapi.json", "/skills", "/skills/{name}", "/ui/artifacts",
                    "/ui/artifacts.zip",
                    "/ui/artifacts/{name}", "/ui/conversations", "/ui/conversations/{id}", "/ui/files",
                    "/ui/files/content", "/ui/files/{name}", "/ui/previews", "/ui/previews/{token}", "/ui/runs",
                    "/ui/runs/{id}", "/ui/runs/{id}/events", "/ui/sandbox", "/ui/sandboxes", "/ui/sandboxes/{user}",
                    "/ui/status", "/v1/artifacts/{user}/{name}",
                    "/v1/chat/completions", "/v1/completions", "/v1/files", "/v1/files/{id}",
                    "/v1/files/{id}/content", "/v1/models", "/v1/models/{model}", "/v1/responses",
                    "/v1/responses/{id}", "/v1/responses/{id}/cancel", "/v1/responses/{id}/input_items",
                    "/v1/sessions/{user}", "/v1/sessions/{user}/questions",
                    "/v1/sessions/{user}/questions/{id}", "/{user}/artifacts", "/{user}/artifacts/{name}",
                ])
            // Each can be asked for, and no reference leads nowhere.
            for path in paths {
                for method in path.value.objectValue?.keys ?? [] {
                    let answer = try await trial.ask(method.uppercased(), path.key.replacing(/[{}]/, with: ""))
                    #expect(answer.status != 405, "\(method) \(path.key)")
                    #expect(answer.error?["code"] != "not_found", "\(method) \(path.key)")
                }
            }
            for match in document.text.matches(of: /"\$ref":"#\/([^"]+)"/) {
                var place = document
                for key in match.1.split(separator: "/") { place = place[String(key)] ?? .null }
                #expect(place != .null, "\(match.1)")
            }
        }
    }

    @Test(arguments: ["a", "A1", "a.b_c-d", String(repeating: "x", count: 63)]) func takesUserNames(name: String) {
        #expect(UserName.isValid(name))
    }

    @Test(arguments: [
        "", ".", "..", "-a", "_a", "a/b", "a b", "ä", "a\n", "v1", "skills", String(repeating: "x", count: 64),
    ])
    func refusesUserNames(name: String) {
        #expect(!UserName.isValid(name))
    }
}
