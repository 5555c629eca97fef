import HTTPServer
import JSON
import OpenAI
import TestSupport
import Testing
import Threading

@testable import ExecAgent

/// Links to artifacts that a browser opens without a key.
@Suite(.timeLimit(.minutes(3))) struct ArtifactLinkTests {
    private static let png: [UInt8] = PNG.signature + [1, 2, 3]
    private static let files: [String: [String: ArtifactFile]] = [
        "ann": [
            "plot.png": ArtifactFile(mediaType: "image/png", bytes: png),
            "page.html": ArtifactFile(mediaType: "text/html", bytes: Array("<script>".utf8)),
            "drawing.svg": ArtifactFile(mediaType: "image/svg+xml", bytes: Array("<svg/>".utf8)),
            "fake.png": ArtifactFile(mediaType: "text/html", bytes: Array("<script>".utf8)),
            "a [b](c)!.csv": ArtifactFile(mediaType: "text/csv", bytes: Array("1".utf8)),
        ],
        "bob": ["plot.png": ArtifactFile(mediaType: "image/png", bytes: png + [4])],
    ]

    /// As a browser asks for a picture in a page of another origin.
    private static let browser =
        "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: no-cors\r\nSec-Fetch-Dest: image\r\n"
        + "Referer: http://front.example/\r\n"

    /// A runner whose run makes these files.
    private static func making(_ names: [String], _ text: String = "Done.") -> FakeRunner {
        FakeRunner { _, tell in
            for name in names {
                await tell(
                    .toolEnded(
                        AgentEvent.ToolEnd(
                            callID: "1", name: "execute_bash", isError: false, exitCode: 0, duration: 1,
                            artifacts: [name, names[0]])))
            }
            return await FakeRunner.says(text, tell)
        }
    }

    private func with(
        _ names: [String] = ["plot.png"], _ change: (inout ServiceOptions) -> Void = { _ in },
        _ body: (ServiceTrial) async throws -> Void
    ) async throws {
        var options = ServiceOptions()
        options.keys = ["a-key-of-some-length"]
        change(&options)
        var toolProvider = FakeToolBox()
        toolProvider.files = Self.files
        try await ServiceTrial(Self.making(names), toolProvider: toolProvider, options: options).run(body)
    }

    private static let key = "Authorization: Bearer a-key-of-some-length\r\n"

    /// The targets of the links in a text, as paths.
    private func targets(_ text: String) -> [String] {
        text.matches(of: /\]\(http:\/\/[^\/]+(\/[^)]+)\)/).map { String($0.1) }
    }

    @Test func aPictureIsShownAndOpensWithoutAKey() async throws {
        try await with(["plot.png", "page.html", "drawing.svg", "fake.png", "a [b](c)!.csv"]) { trial in
            for isStreamed: JSON in [false, true] {
                let answer = try await trial.say("go", ["user": "ann", "stream": isStreamed], fields: Self.key)
                let text = isStreamed == true ? answer.streamedText : answer.text ?? ""
                #expect(
                    text.hasPrefix("Done.\n\n![plot.png](http://127.0.0.1:\(trial.port)/v1/artifacts/ann/plot.png?"))
                let labels = text.matches(of: /(?m)^(!?\[.*\])\(http/).map { String($0.1) }
                #expect(
                    labels == [
                        "![plot.png]", "[page.html]", "![drawing.svg]", "![fake.png]", #"[a \[b\]\(c\)\!.csv]"#,
                    ])
                let targets = targets(text)
                try #require(targets.count == 5)
                for (target, (type, kind)) in zip(
                    targets,
                    [
                        ("image/png", "inline"), ("application/octet-stream", "attachment"),
                        ("image/svg+xml", "attachment"), ("application/octet-stream", "attachment"),
                        ("text/csv", "attachment"),
                    ])
                {
                    let file = try await trial.ask("GET", target, fields: Self.browser)
                    #expect(file.status == 200, "\(target)")
                    #expect(file.field("Content-Type") == type, "\(target)")
                    #expect(file.field("Content-Disposition")?.hasPrefix(kind + ";") == true)
                    #expect(file.field("X-Content-Type-Options") == "nosniff")
                    #expect(file.field("Cross-Origin-Resource-Policy") == "cross-origin")
                    #expect(file.field("Content-Security-Policy") == "default-src 'none'; sandbox")
                    #expect(!file.head.contains("Access-Control"))
                }
                let head = try await trial.ask("HEAD", targets[0], fields: Self.browser)
                #expect(head.status == 200)
                #expect(head.body.isEmpty)
            }
        }
    }

    @Test(arguments: [
        "a\nb.txt", "a\r\nSet-Cookie: x.txt", "back\\slash.txt", "\u{1B}[31m.txt", "%41.txt", "a?b#c.txt", "...",
        "日本 é.txt",
        "\u{7F}", "a\tb", "-", "c:d", "\u{202E}gpj.txt", "'\";&+=.txt",
    ])
    func aNameMayHaveAnyCharacters(name: String) async throws {
        var toolProvider = FakeToolBox()
        toolProvider.files = ["ann": [name: ArtifactFile(mediaType: "text/plain", bytes: [0x31])]]
        try await ServiceTrial(Self.making([name]), toolProvider: toolProvider).run { trial in
            let target = try #require(try await targets(trial.say("go", ["user": "ann"]).text ?? "").first)
            let listed = try await trial.ask("GET", "/ann/artifacts").json["data"]?.arrayValue?.first
            for path in [target, try #require(listed?["path"]?.stringValue)] {
                let file = try await trial.ask("GET", path)
                #expect(file.status == 200, "\(path)")
                #expect(file.body == "1", "\(path)")
                #expect(file.field("Set-Cookie") == nil)
            }
        }
    }

    @Test func whatAFileIsIsToldWithoutReadingIt() async throws {
        var toolProvider = FakeToolBox()
        toolProvider.files = Self.files
        try await ServiceTrial(Self.making(["plot.png", "page.html", "gone.txt"]), toolProvider: toolProvider).run {
            trial in
            let targets = targets(try await trial.say("go", ["user": "ann"]).text ?? "")
            try #require(targets.count == 3)
            for (target, type, kind, length) in [
                (targets[0], "image/png", "inline", "11"), (targets[1], "application/octet-stream", "attachment", "8"),
                ("/ann/artifacts/plot.png", "image/png", "attachment", "11"),
            ] {
                let head = try await trial.ask("HEAD", target)
                #expect(head.status == 200)
                #expect(head.body.isEmpty)
                #expect(head.field("Content-Type") == type)
                #expect(head.field("Content-Length") == length)
                #expect(head.field("Content-Disposition")?.hasPrefix(kind + ";") == true)
            }
            #expect(toolProvider.reads.elements.isEmpty)
            #expect(try await trial.ask("HEAD", targets[2]).status == 404)
            #expect(try await trial.ask("HEAD", "/ann/artifacts/gone.txt").status == 404)
        }
    }

    @Test func aBrokenPictureHasOneTypeHoweverItIsAskedFor() async throws {
        var toolProvider = FakeToolBox()
        toolProvider.files = ["ann": ["plot.png": ArtifactFile(mediaType: "application/octet-stream", bytes: [1, 2])]]
        toolProvider.listedTypes = ["plot.png": "image/png"]
        try await ServiceTrial(Self.making(["plot.png"]), toolProvider: toolProvider).run { trial in
            let link = try #require(try await targets(trial.say("go", ["user": "ann"]).text ?? "").first)
            for target in [link, "/ann/artifacts/plot.png"] {
                let (get, head) = (try await trial.ask("GET", target), try await trial.ask("HEAD", target))
                for name in ["Content-Type", "Content-Disposition", "Content-Length", "Content-Security-Policy"] {
                    #expect(get.field(name) != nil, "\(name) of \(target)")
                    #expect(get.field(name) == head.field(name), "\(name) of \(target)")
                }
            }
        }
    }

    @Test func aLinkOpensThatOneFileAlone() async throws {
        try await with { trial in
            let text = try await trial.say("go", ["user": "ann"], fields: Self.key).text ?? ""
            let target = try #require(targets(text).first)
            let query = target.split(separator: "?")[1]
            let others = [
                target.replacing("/ann/", with: "/bob/"), target.replacing("plot.png", with: "page.html"),
                target.replacing("expires=1", with: "expires=2"), target.replacing("expires=", with: "expires=0"),
                "/v1/artifacts/ann/..?\(query)", "/v1/artifacts/ann/%2e%2e?\(query)",
                "/v1/artifacts/ann/plot.png/?\(query)x", "/v1/artifacts/ann%2Fplot.png/x?\(query)",
                "/v1/artifacts/ann/plot.png", "/v1/artifacts/ann/plot.png?", target + "&x=1", target + "0",
                String(target.dropLast()), String(target.dropLast()) + (target.hasSuffix("0") ? "1" : "0"),
                target.replacing("signature=", with: "signature=%30"), target.replacing("&", with: "&&"),
                "/v1/artifacts/ann/plot.png?expires=9999999999&signature=" + String(repeating: "0", count: 64),
                "/ann/artifacts/plot.png?\(query)", "/v1/models?\(query)", "/bob/artifacts?\(query)",
                "/v1/artifacts/ann/" + String(repeating: "x", count: 5000) + "?\(query)",
            ]
            for other in others {
                let answer = try await trial.ask("GET", other, fields: Self.browser)
                #expect([401, 403, 404].contains(answer.status), "\(other): \(answer.status)")
                #expect(!answer.body.contains("PNG"))
            }
            for method in ["POST", "PUT", "DELETE", "OPTIONS"] {
                let answer = try await trial.ask(method, target, fields: Self.browser)
                #expect(answer.status == 403, "\(method)")
            }
            // The key opens no link that was not given, and no name of another host does.
            let forged = try await trial.ask("GET", others[0], fields: Self.key)
            #expect(forged.status == 403)
            #expect(forged.error?["code"] == "link_invalid")
            let rebound = try await trial.ask("GET", target, host: "evil.example:\(trial.port)")
            #expect(rebound.status == 403)
            #expect(try await trial.ask("GET", target).status == 200)
        }
    }

    @Test func anotherProcessKnowsNothingOfALink() async throws {
        let target = Locked("")
        try await with { trial in
            let text = try await trial.say("go", ["user": "ann"], fields: Self.key).text ?? ""
            target.withLock { $0 = targets(text).first ?? "" }
        }
        try await with { trial in
            let answer = try await trial.ask("GET", target.withLock { $0 }, fields: Self.browser)
            #expect(answer.status == 403)
            #expect(answer.error?["code"] == "link_invalid")
        }
    }

    @Test func aLinkHasItsTime() throws {
        let time = Locked(1_000_000)
        let links = SignedArtifactLinks(now: { time.withLock { $0 } })
        links.use(base: "https://agent.example/x")
        let address = try #require(links.address(of: "a b.png", user: "hashed-1"))
        #expect(address.hasPrefix("https://agent.example/x/v1/artifacts/hashed-1/a%20b.png?expires=1604800&signature="))
        let query = String(address.split(separator: "?")[1])
        func verdict(_ method: String, _ path: String, _ query: String?) -> SignedArtifactLinks.Verdict {
            links.verdict(on: HTTPRequest(method: method, path: path, query: query))
        }
        let path = "/v1/artifacts/hashed-1/a%20b.png"
        #expect(verdict("GET", path, query) == .valid)
        #expect(verdict("HEAD", path, query) == .valid)
        #expect(verdict("POST", path, query) == .other)
        #expect(verdict("GET", "/v1/artifacts", query) == .other)
        time.withLock { $0 += SignedArtifactLinks.lifetime - 1 }
        #expect(verdict("GET", path, query) == .valid)
        time.withLock { $0 += 1 }
        #expect(verdict("GET", path, query) == .expired)
        #expect(verdict("GET", path, query.replacing("expires=1604800", with: "expires=9604800")) == .invalid)
    }

    /// How a service runs, and what its links begin with.
    struct Setting: Sendable {
        var host = "127.0.0.1"
        var names: [String] = []
        var url: String?
        var hasLinks = true
        let base: String?
    }

    @Test(arguments: [
        Setting(base: "http://127.0.0.1:"),
        Setting(url: "https://agent.example/x", base: "https://agent.example/x/v1/"),
        Setting(hasLinks: false, base: nil), Setting(names: ["proxy.example"], base: nil),
        Setting(host: "0.0.0.0", base: nil),
        Setting(host: "0.0.0.0", url: "http://10.1.2.3:8000", base: "http://10.1.2.3:8000/v1/"),
    ])
    func linksBeginAsWhoeverRunsItSays(setting: Setting) async throws {
        let change = { (options: inout ServiceOptions) in
            (options.host, options.hostNames) = (setting.host, setting.names)
            (options.publicURL, options.linksArtifacts) = (setting.url, setting.hasLinks)
        }
        try await with(["plot.png"], change) { trial in
            // Whatever the client says of the host.
            let text = try await trial.say("go", ["user": "ann"], fields: Self.key).text ?? ""
            if let base = setting.base {
                #expect(text.hasPrefix("Done.\n\n![plot.png](\(base)"), "\(text)")
            } else {
                #expect(text == "Done.")
            }
        }
    }

    @Test func aServiceWithAPublicNameAnswersToIt() async throws {
        try await with(["plot.png"], { $0.publicURL = "https://Agent.example/x" }) { trial in
            let text = try await trial.say("go", ["user": "ann"], fields: Self.key).text ?? ""
            let target = try #require(text.firstMatch(of: /agent.example\/x(\/[^)]+)\)/.ignoresCase())?.1)
            let answer = try await trial.ask("GET", String(target), host: "agent.example", fields: Self.browser)
            #expect(answer.status == 200)
        }
    }

    @Test func noProgramGetsLinksInItsJSONAndNoModelGetsThemBack() async throws {
        let format: JSON = ["type": "json_object"]
        try await with { trial in
            let answer = try await trial.say("go", ["user": "ann", "response_format": format], fields: Self.key)
            #expect(answer.text == "Done.")
        }
        let runner = Self.making(["plot.png", "b c.csv"])
        try await ServiceTrial(runner).run { trial in
            let first = try await trial.say("go").text ?? ""
            let history: JSON = [
                ["role": "user", "content": "go"],
                ["role": "assistant", "content": .string(first + " [x](http://y/?z)")],
                ["role": "user", "content": "more"],
            ]
            _ = try await trial.chat(history)
        }
        let said = runner.requests.elements.last?.conversation[1].text ?? ""
        #expect(said == "Done.\n\n\n[b c.csv](artifact:///b%20c.csv) [x](http://y/?z)")
    }

    @Test(
        arguments: [
            ("A\n\nLINK", "A"), ("A\n\nLINK\n\nLINK\n\n(and 5 more)", "A"), ("LINK", "(Files for you.)"),
            ("A LINK b\nc", "A ![x](artifact:///x%20y.png) b\nc"), ("A\nLINK\nB\n", "A\nB"), ("LINK LINK", nil),
            ("[x](http://h/v1/artifacts/a/b)", "[x](http://h/v1/artifacts/a/b)"), ("a?b&signature=", "a?b&signature="),
            ("](](](?expires=1&signature=", "](](](?expires=1&signature="),
        ] as [(String, String?)])
    func anAnswerIsGivenBackAsTheModelWroteIt(text: String, wanted: String?) {
        let links = SignedArtifactLinks()
        links.use(base: "https://h:1/p")
        let link = "![x](\(links.address(of: "x y.png", user: "ann") ?? ""))"
        let found = SignedArtifactLinks.withoutAddresses(text.replacing("LINK", with: link))
        #expect(found == wanted ?? "![x](artifact:///x%20y.png) ![x](artifact:///x%20y.png)")
    }

    @Test func oneAnswerHasOnlySoManyLinks() {
        let links = SignedArtifactLinks()
        links.use(base: "http://x")
        let text = links.markdown(of: (0..<25).map { "\($0).png" }, user: "ann")
        #expect(text.matches(of: /signature=/).count == 20)
        #expect(text.hasSuffix("\n\n(and 5 more)"))
        #expect(SignedArtifactLinks().markdown(of: ["a.png"], user: "ann").isEmpty)
    }

    @Test(
        arguments: [
            ("https://agent.example.com", "https://agent.example.com"), ("HTTP://h:8000/", "http://h:8000"),
            ("https://h/a/b//", "https://h/a/b"), ("http://h:8000/v1", "http://h:8000"), ("http://h/v1/", "http://h"),
            ("http://[::1]:8000", "http://[::1]:8000"), ("agent.example.com", nil), ("ftp://h", nil), ("http://", nil),
            ("http://h/?x", nil), ("http://h/#x", nil), ("http://u@h", nil), ("http://h/a b", nil), ("http://h/)", nil),
            ("http://h:99999", nil), ("http://h/\n", nil), ("https://v1", "https://v1"), ("https://v1/", "https://v1"),
            ("https://v1/v1", "https://v1"), ("https://h//v1//", "https://h"), ("https://h/av1", "https://h/av1"),
            ("https://h/v1/v1", "https://h/v1"), ("https://h:443/v1", "https://h:443"), ("https://h:", nil),
            ("https://h:0", nil), ("https://h:-1", nil), ("https://h:8o", nil), ("https://h/%2F", "https://h/%2F"),
            ("https://h/%zz", nil), ("https://h/%0a", nil), ("https://h/%", nil), ("https://h/[x]", nil),
            ("https://u:p@h", nil), ("https://h?x", nil), ("https://h#x", nil), ("https://:80", nil),
            ("https:///v1", nil),
            ("https://[::1", nil), ("https://a b", nil), ("https://h/v1?x=/v1", nil),
        ] as [(String, String?)])
    func readsAPublicURL(text: String, url: String?) {
        #expect(PublicURL.read(text) == url)
    }
}
