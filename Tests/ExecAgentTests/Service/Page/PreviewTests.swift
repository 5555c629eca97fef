import HTTPServer
import JSON
import MCPServers
import TestSupport
import Testing

@testable import ExecAgent

/// Previews of files in frames.
@Suite(.timeLimit(.minutes(3))) struct PreviewTests {
    private static let key = "Authorization: Bearer anns-key-of-some-length\r\n"

    private func trial(_ scripts: ArtifactScripts = .ask, clock: FakeTime = FakeTime()) -> ServiceTrial {
        var options = ServiceOptions()
        options.keys = ["ann:anns-key-of-some-length"]
        options.artifactScripts = scripts
        let page = ArtifactFile(mediaType: "text/html", bytes: Array("<b>hi</b>".utf8))
        let picture = ArtifactFile(mediaType: "image/svg+xml", bytes: Array("<svg/>".utf8))
        let box = FakeToolBox(files: ["ann": ["page.html": page, "p.svg": picture, "a.txt": page]])
        return ServiceTrial(toolProvider: box, options: options, clock: clock.clock)
    }

    private func make(_ trial: ServiceTrial, _ body: JSON) async throws -> Answer {
        try await trial.ask("POST", "/ui/previews", body, fields: Self.key)
    }

    @Test func aPreviewOpensOnceWithoutAKey() async throws {
        try await trial().run { trial async throws in
            let made = try await make(trial, ["artifact": "page.html"])
            #expect(made.status == 201)
            let url = try #require(made.json["url"]?.stringValue)
            #expect(url.hasPrefix("/ui/previews/"))
            #expect(url.count >= "/ui/previews/".count + 26)
            let frame = "Sec-Fetch-Site: same-origin\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: iframe\r\n"
            let shown = try await trial.ask("GET", url, fields: frame)
            #expect(shown.status == 200)
            #expect(shown.body == "<b>hi</b>")
            #expect(shown.field("Content-Type") == "text/html; charset=utf-8")
            let policy = try #require(shown.field("Content-Security-Policy"))
            #expect(policy == PageHeaders.staticPreviewPolicy)
            #expect(policy.hasPrefix("sandbox; default-src 'none';"))
            #expect(!policy.contains("allow-scripts"))
            #expect(shown.field("X-Frame-Options") == nil)
            #expect(shown.field("Cache-Control") == "no-store")
            #expect(try await trial.ask("GET", url, fields: frame).status == 404)
        }
    }

    @Test(arguments: [
        "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: iframe\r\n",
        "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\n",
        "Origin: http://evil.example\r\n",
    ])
    func noOtherPageOpensIt(fields: String) async throws {
        try await trial().run { trial async throws in
            let url = try #require(try await make(trial, ["artifact": "page.html"]).json["url"]?.stringValue)
            #expect(try await trial.ask("GET", url, fields: fields).status == 403)
            #expect(try await trial.ask("GET", url, host: "evil.example").status == 403)
            #expect(try await trial.ask("GET", url, fields: "Sec-Fetch-Dest: document\r\n").status == 404)
            // It was not used up by that.
            #expect(try await trial.ask("GET", url).status == 200)
        }
    }

    @Test func itExpires() async throws {
        let time = FakeTime()
        try await trial(clock: time).run { trial async throws in
            let url = try #require(try await make(trial, ["artifact": "page.html"]).json["url"]?.stringValue)
            time.pass(60.5)
            #expect(try await trial.ask("GET", url).status == 404)
        }
    }

    @Test func scriptsRunOnlyWhereTheyMay() async throws {
        try await trial(.ask).run { trial async throws in
            let url = try #require(
                try await make(trial, ["artifact": "page.html", "scripts": true]).json["url"]?.stringValue)
            let policy = try #require(try await trial.ask("GET", url).field("Content-Security-Policy"))
            #expect(policy.hasPrefix("sandbox allow-scripts; default-src 'none';"))
            #expect(!policy.contains("allow-same-origin"))
            #expect(!policy.contains("connect-src"))
        }
        try await trial(.never).run { trial async throws in
            let refused = try await make(trial, ["artifact": "page.html", "scripts": true])
            #expect(refused.status == 403)
            #expect(refused.error?["code"] == "scripts_not_allowed")
            #expect(try await make(trial, ["artifact": "page.html", "scripts": false]).status == 201)
        }
    }

    @Test(
        arguments: [
            (["artifact": "a.txt"], 415), ([:], 400), (["path": "relative.html"], 400), (["artifact": 1], 400),
            (["artifact": "a.html", "path": "/workspace/a.html"], 400),
            (["artifact": "a.html", "scripts": "yes"], 400),
        ] as [(JSON, Int)])
    func refusesWhatHasNoPreview(body: JSON, status: Int) async throws {
        try await trial().run { trial async throws in #expect(try await make(trial, body).status == status) }
    }

    @Test func thereIsALimitOfOpenPreviews() throws {
        let time = FakeTime()
        let previews = PreviewTokens(clock: time.clock)
        let preview = PreviewTokens.Preview(source: .artifact("a.html"), user: "ann", allowsScripts: false)
        let paths = try (0..<50).map { _ in try previews.makePath(for: preview) }
        #expect(Set(paths).count == 50)
        #expect(throws: APIRequestError.self) { try previews.makePath(for: preview) }
        _ = try previews.makePath(
            for: PreviewTokens.Preview(source: .file("/a.html"), user: "bob", allowsScripts: false))
        time.pass(61)
        _ = try previews.makePath(for: preview)
    }
}
