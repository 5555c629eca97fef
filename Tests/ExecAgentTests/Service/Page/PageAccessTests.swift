import HTTPServer
import JSON
import MCPServers
import OpenAI
import SystemCalls
import TestSupport
import Testing

@testable import ExecAgent

/// Who reaches which route of the page.
@Suite(.timeLimit(.minutes(3))) struct PageAccessTests {
    private static let ann = "anns-key-of-some-length"
    private static let bob = "bobs-key-of-some-length"
    private static let root = "the-operators-own-key-1"
    private static let bare = "a-key-that-is-nobodys-own"

    /// Every route that has data of a user, by its path with an id of Ann's.
    private static let routes: [(method: String, path: String, body: JSON?)] = [
        ("GET", "/ui/status", nil), ("GET", "/ui/conversations", nil), ("GET", "/ui/conversations/CONVERSATION", nil),
        ("PATCH", "/ui/conversations/CONVERSATION", ["title": "x"]),
        ("POST", "/ui/runs", ["text": "more", "conversation_id": "CONVERSATION"]),
        ("GET", "/ui/runs/RUN/events", nil), ("DELETE", "/ui/runs/RUN", nil), ("GET", "/ui/files", nil),
        ("GET", "/ui/files/content?path=/workspace/a", nil), ("PUT", "/ui/files/a.txt", "x"),
        ("GET", "/ui/artifacts", nil), ("GET", "/ui/artifacts/a.txt", nil), ("DELETE", "/ui/artifacts/a.txt", nil),
        ("GET", "/ui/artifacts.zip", nil), ("POST", "/ui/previews", ["artifact": "a.html"]),
        ("DELETE", "/ui/sandbox", nil), ("GET", "/ui/sandboxes", nil), ("DELETE", "/ui/sandboxes/ann", nil),
        ("DELETE", "/ui/conversations/CONVERSATION", nil),
    ]
    /// What the page itself consists of.
    private static let assets = PageAssets.all.map(\.path)

    private static func key(_ key: String) -> String { "Authorization: Bearer \(key)\r\n" }

    private static func trial() -> ServiceTrial {
        var options = ServiceOptions()
        options.keys = ["ann:\(ann)", "bob:\(bob)", "*root:\(root)", bare]
        let file = ArtifactFile(mediaType: "text/plain", bytes: Array("secret of ann".utf8))
        return ServiceTrial(toolProvider: FakeToolBox(files: ["ann": ["a.txt": file]]), options: options)
    }

    /// Asks all routes.
    private func statuses(
        _ trial: ServiceTrial, host: String? = nil, fields: String, _ ids: (run: String, conversation: String)
    ) async throws -> [String: Int] {
        var statuses: [String: Int] = [:]
        for route in Self.routes {
            let path = route.path.replacing("CONVERSATION", with: ids.conversation).replacing("RUN", with: ids.run)
            let body = route.body.flatMap {
                try? JSON.parse($0.text.replacing("CONVERSATION", with: ids.conversation))
            }
            let answer = try await trial.ask(route.method, path, body, host: host, fields: fields)
            #expect(!answer.body.contains("secret of ann") && !answer.body.contains("a question of ann"))
            statuses["\(route.method) \(route.path)"] = answer.status
        }
        return statuses
    }

    private func withRun(
        _ body: (ServiceTrial, (run: String, conversation: String)) async throws -> Void
    ) async throws {
        try await Self.trial().run { trial async throws in
            let ids = try await trial.start("a question of ann", fields: Self.key(Self.ann))
            _ = try await trial.watch(ids.run, fields: Self.key(Self.ann))
            try await body(trial, ids)
            // Nothing has changed.
            let conversation = try await trial.ask(
                "GET", "/ui/conversations/\(ids.conversation)", fields: Self.key(Self.ann))
            #expect(conversation.json["title"] == "a question of ann")
            #expect(conversation.json["turns"]?.arrayValue?.count == 1)
        }
    }

    @Test func withoutAKeyNobodyReachesAnything() async throws {
        try await withRun { trial, ids in
            for fields in ["", Self.key("a-wrong-key-of-some-length"), "X-Agent-User: ann\r\n"] {
                let statuses = try await statuses(trial, fields: fields, ids)
                #expect(statuses.filter { $0.value != 401 }.isEmpty)
            }
        }
    }

    @Test(arguments: [
        "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: cors\r\n",
        "Sec-Fetch-Site: same-site\r\nSec-Fetch-Mode: cors\r\n",
        "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\n",
        "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: no-cors\r\nSec-Fetch-Dest: image\r\n",
        "Origin: http://evil.example\r\n", "Origin: null\r\n", "Origin: http://localhost:3000\r\n",
    ])
    func pagesOfOthersReachNothingEvenWithAKey(fields: String) async throws {
        try await withRun { trial, ids in
            let statuses = try await statuses(trial, fields: fields + Self.key(Self.ann), ids)
            #expect(statuses.filter { $0.value != 403 }.isEmpty)
        }
    }

    @Test(arguments: ["evil.example", "evil.example:80", "127.0.0.1.evil.example:8000"])
    func aReboundNameReachesNothing(host: String) async throws {
        try await withRun { trial, ids in
            let statuses = try await statuses(trial, host: host, fields: Self.key(Self.ann), ids)
            #expect(statuses.filter { $0.value != 403 }.isEmpty)
            for path in Self.assets {
                #expect(try await trial.ask("GET", path, host: host).status == 403, "\(path)")
            }
        }
    }

    @Test func anotherUserLearnsNothing() async throws {
        try await withRun { trial, ids in
            // A key decides, whatever the request says.
            for fields in ["", "X-Agent-User: ann\r\n", "X-OpenWebUI-User-Id: ann\r\n"] {
                let fields = Self.key(Self.bob) + fields
                let list = try await trial.ask("GET", "/ui/conversations", fields: fields)
                #expect(list.json["conversations"] == [])
                #expect(try await trial.ask("GET", "/ui/status", fields: fields).json["user"]?["name"] == "bob")
                #expect(try await trial.ask("GET", "/ui/artifacts", fields: fields).json["artifacts"] == [])
                let statuses = try await statuses(trial, fields: fields, ids)
                for (route, status) in statuses {
                    if route.contains("CONVERSATION") || route.contains("RUN") || route == "POST /ui/runs"
                        || route == "GET /ui/artifacts/a.txt"
                    {
                        #expect(status == 404, "\(route)")
                    }
                    if route.contains("/ui/sandboxes") { #expect(status == 403, "\(route)") }
                }
                #expect(try await !trial.ask("GET", "/ui/artifacts.zip", fields: fields).body.contains("secret"))
            }
        }
    }

    @Test func aKeyDecidesOnTheOpenAIRoutesToo() async throws {
        let runner = FakeRunner()
        var options = ServiceOptions()
        options.keys = ["ann:\(Self.ann)", "bob:\(Self.bob)"]
        let file = ArtifactFile(mediaType: "text/plain", bytes: [1])
        let box = FakeToolBox(files: ["ann": ["a.txt": file]])
        try await ServiceTrial(runner, toolProvider: box, options: options).run { trial async throws in
            let fields = Self.key(Self.bob) + "X-OpenWebUI-User-Id: ann\r\n"
            _ = try await trial.say("one", ["user": "ann"], fields: fields)
            _ = try await trial.say("two", fields: Self.key(Self.bob))
            #expect(runner.requests.elements.map(\.user) == ["bob", "bob"])
            for path in ["/ann/artifacts", "/ann/artifacts/a.txt", "/default/artifacts", "/v1/sessions/ann/questions"] {
                #expect(try await trial.ask("GET", path, fields: fields).status == 404, "\(path)")
            }
            #expect(try await trial.ask("DELETE", "/v1/sessions/ann", fields: fields).status == 404)
            #expect(try await trial.ask("GET", "/bob/artifacts", fields: fields).status == 200)
            #expect(try await trial.ask("GET", "/ann/artifacts/a.txt", fields: Self.key(Self.ann)).status == 200)
        }
    }

    @Test func onlyAnOperatorSeesAllSandboxes() async throws {
        let expected = [Self.ann: 403, Self.bob: 403, Self.root: 501, Self.bare: 501]
        try await Self.trial().run { trial async throws in
            for (key, status) in expected {
                #expect(try await trial.ask("GET", "/ui/sandboxes", fields: Self.key(key)).status == status)
                #expect(try await trial.ask("DELETE", "/ui/sandboxes/bob", fields: Self.key(key)).status == status)
                let shown = try await trial.ask("GET", "/ui/status", fields: Self.key(key)).json
                #expect(shown["operator"] == .bool(status == 501))
                #expect(shown["user"]?["is_bound"] == .bool(key != Self.bare))
            }
        }
    }

    @Test func withoutABoundKeyTheRequestNamesItsUser() async throws {
        try await ServiceTrial().run { trial async throws in
            let ann = "X-Agent-User: ann\r\n"
            let ids = try await trial.start("hello", fields: ann)
            _ = try await trial.watch(ids.run, fields: ann)
            #expect(try await trial.ask("GET", "/ui/conversations/\(ids.conversation)", fields: ann).status == 200)
            for fields in ["", "X-Agent-User: Ann\r\n", "X-Agent-User: ann%20\r\n"] {
                #expect(
                    try await trial.ask("GET", "/ui/conversations/\(ids.conversation)", fields: fields).status == 404)
                #expect(try await trial.ask("GET", "/ui/runs/\(ids.run)/events", fields: fields).status == 404)
                #expect(try await trial.ask("DELETE", "/ui/runs/\(ids.run)", fields: fields).status == 404)
                #expect(try await trial.ask("GET", "/ui/conversations", fields: fields).json["conversations"] == [])
            }
            #expect(try await trial.ask("GET", "/ui/status").json["user"] == ["name": "default", "is_bound": false])
        }
    }

    // MARK: - The page itself

    @Test func everybodyGetsThePageAndNothingElse() async throws {
        try await Self.trial().run { trial async throws in
            for path in Self.assets {
                for fields in [
                    "", "Sec-Fetch-Site: none\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\n",
                    "Sec-Fetch-Site: same-origin\r\nSec-Fetch-Mode: no-cors\r\nSec-Fetch-Dest: script\r\n",
                    "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\n",
                    "Sec-Fetch-Site: same-site\r\nSec-Fetch-Mode: navigate\r\n",
                ] {
                    #expect(try await trial.ask("GET", path, fields: fields).status == 200, "\(path) \(fields)")
                }
                for fields in [
                    "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: iframe\r\n",
                    "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: no-cors\r\nSec-Fetch-Dest: script\r\n",
                    "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: cors\r\nOrigin: http://evil.example\r\n",
                    "Origin: http://evil.example\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Site: cross-site\r\n",
                ] {
                    #expect(try await trial.ask("GET", path, fields: fields).status == 403, "\(path) \(fields)")
                }
                #expect(try await trial.ask("POST", path).status == 401, "\(path)")
            }
            for path in ["/ui", "/ui/", "/ui/index.html", "//", "/./", "/ui//app.js", "/ui/app.js/", "/ui/app%2Ejs"] {
                #expect(try await trial.ask("GET", path).status == 401, "\(path)")
            }
        }
    }

    @Test func thePageMayDoNothingThatItNeedNot() async throws {
        try await ServiceTrial().run { trial async throws in
            for path in Self.assets {
                let answer = try await trial.ask("GET", path)
                let policy = try #require(answer.field("Content-Security-Policy"))
                #expect(policy.hasPrefix("default-src 'none'; script-src 'self';"))
                #expect(policy.contains("frame-ancestors 'none'"))
                #expect(policy.contains("require-trusted-types-for 'script'; trusted-types 'none'"))
                #expect(!policy.contains("unsafe"))
                #expect(answer.field("Cache-Control") == "no-cache")
                #expect(answer.field("X-Frame-Options") == "DENY")
                let tag = try #require(answer.field("ETag"))
                let again = try await trial.ask("GET", path, fields: "If-None-Match: W/\"x\", \(tag)\r\n")
                #expect(again.status == 304)
                #expect(again.body.isEmpty)
                #expect(again.field("ETag") == tag)
            }
            for path in ["/ui/status", "/v1/models", "/nothing/here"] {
                let answer = try await trial.ask("GET", path)
                #expect(answer.field("X-Content-Type-Options") == "nosniff")
                #expect(answer.field("Referrer-Policy") == "no-referrer")
                #expect(answer.field("Cross-Origin-Opener-Policy") == "same-origin")
                #expect(answer.field("Cross-Origin-Resource-Policy") == "same-origin")
                #expect(answer.field("Permissions-Policy")?.contains("camera=()") == true)
                #expect(answer.field("X-Frame-Options") == "DENY")
                #expect(answer.field("Cache-Control") == "no-store")
            }
        }
    }
}
