import HTTPServer
import JSON
import OpenAI
import TestSupport
import Testing

@testable import ExecAgent

/// Who shares a sandbox and a conversation with whom.
@Suite(.timeLimit(.minutes(3))) struct CallerTests {
    private let runner = FakeRunner { request, tell in
        await FakeRunner.says("re: \(request.conversation.last?.text ?? "")", tell)
    }

    private func fields(_ user: String?, _ chat: String?) -> String {
        (user.map { "X-OpenWebUI-User-Id: \($0)\r\n" } ?? "") + (chat.map { "x-openwebui-chat-id: \($0)\r\n" } ?? "")
    }

    // MARK: - Sandboxes

    @Test(arguments: ["ann", "A.b_c-9", "x", "default", String(repeating: "x", count: 63)])
    func aNameStaysAsItIs(name: String) {
        #expect(UserName.of(name) == name)
    }

    @Test func anyTextIsAUserOfItsOwn() {
        let names = [
            "ann@example.com", "auth0|1", "Ann@example.com", " ann", "ann ", "ann\n", "../etc", "..", ".", "-x", "_x",
            " ",
            "  ", "skills", "v1", "a/b", "a\\b", "e\u{301}", "\u{E9}", "日本", "a\u{0}b", "a\u{0}", "\u{0}",
            String(repeating: "x", count: 64), String(repeating: "x", count: 65), "😀", "a,b", "a, b", "$(id)", "a;b",
        ]
        let hashes = names.map { UserName.of($0) }
        let all = names + hashes + hashes.map { String($0.dropLast()) } + hashes.map { $0.uppercased() }
        let users = all.map { UserName.of($0) }
        #expect(Set(users).count == all.count)
        for user in users {
            #expect(user.wholeMatch(of: /[A-Za-z0-9][A-Za-z0-9_.-]{0,62}/) != nil)
            #expect(UserName.forServers(user) == user)
        }
    }

    @Test func aUserOfAFrontEndAndTheirNameAreBothHeard() {
        let pairs = [("a", "b"), ("b", "a"), ("ab", ""), ("a", "b\u{FF}"), ("a\u{FF}", "b"), ("a", "c"), ("a, b", "c")]
        #expect(Set(pairs.map { UserName.of($0.0, via: $0.1) }).count == pairs.count)
        #expect(UserName.of("ann", via: "ann") == "ann")
    }

    @Test func twoUsersBehindOneKeyNeverShare() async throws {
        try await ServiceTrial(runner).run { trial in
            for (user, body) in [
                ("u1", [:]), ("u2", [:]), ("u1", ["user": "proxy"]), ("u2", ["user": "proxy"]),
            ] as [(String, JSONObject)] {
                for text in ["secret", "again"] {
                    _ = try await trial.say("\(text) of \(user)", body, fields: fields(user, "chat"))
                }
            }
        }
        let requests = runner.requests.elements
        #expect(requests.map { $0.lines.count } == Array(repeating: 1, count: 8))
        #expect(Set(requests.map(\.user)).count == 4)
        for request in requests {
            let owners = Set(request.lines.compactMap { $0.split(separator: " ").last })
            #expect(owners.count == 1)
        }
    }

    @Test func theFilesOfBothAreAtThePathOfOneWithTheFieldOfTheOther() async throws {
        let both = UserName.of("proxy", via: "u1")
        let file = ArtifactFile(mediaType: "text/plain", bytes: Array("mine".utf8))
        try await ServiceTrial(runner, toolProvider: FakeToolBox(files: [both: ["a.txt": file]])).run { trial in
            _ = try await trial.say("hello", ["user": "proxy"], fields: fields("u1", nil))
            let path = "/proxy/artifacts/a.txt"
            #expect(try await trial.ask("GET", path, fields: fields("u1", nil)).body == "mine")
            #expect(try await trial.ask("GET", path).status == 404)
            #expect(try await trial.ask("GET", path, fields: fields("u2", nil)).status == 404)
            #expect(try await trial.ask("DELETE", "/v1/sessions/proxy").json["deleted"] == false)
            let ended = try await trial.ask("DELETE", "/v1/sessions/proxy", fields: fields("u1", nil))
            #expect(ended.json["deleted"] == true)
        }
        #expect(runner.requests.elements.map(\.user) == [both])
    }

    // MARK: - Conversations

    @Test(
        arguments: [
            (nil, nil), (nil, "chat"), ("u1", nil), ("u1", "local"), ("u1", "local:socket"), ("", "chat"), ("u1", ""),
        ] as [(String?, String?)])
    func whoDoesNotAskForIsByThemselves(user: String?, chat: String?) async throws {
        try await ServiceTrial(runner).run { trial in
            for named: JSON in [nil, ""] {
                let body: JSONObject = ["user": named]
                _ = try await trial.chat(
                    [["role": "system", "content": "mine"], ["role": "user", "content": "secret"]], body,
                    fields: fields(user, chat))
                _ = try await trial.say("hello", body, fields: fields(user, chat))
            }
        }
        #expect(
            runner.requests.elements.map { $0.lines.last } == [
                "user: secret", "user: hello", "user: secret", "user: hello",
            ])
        #expect(
            runner.requests.elements[1].lines == ["user: hello"] && runner.requests.elements[3].lines == ["user: hello"]
        )
        #expect(runner.requests.elements.allSatisfy { $0.user == (user == "u1" ? "u1" : nil) })
    }

    @Test func chatsOfOneUserAreSeparateAndShareFiles() async throws {
        try await ServiceTrial(runner).run { trial in
            _ = try await trial.say("a1", fields: fields("u1", "a"))
            _ = try await trial.say("b1", fields: fields("u1", "b"))
            _ = try await trial.chat(Self.turns("a1", "re: a1", "a2"), fields: fields("u1", "a"))
            _ = try await trial.say("named", ["user": "u1"])
            _ = try await trial.chat(Self.turns("b1", "re: b1", "b2"), ["user": "u1"], fields: fields("u1", "b"))
            #expect(try await trial.ask("DELETE", "/v1/sessions/u1").json["deleted"] == true)
            _ = try await trial.say("a3", fields: fields("u1", "a"))
        }
        #expect(
            runner.requests.elements.map(\.lines) == [
                ["user: a1"], ["user: b1"], ["user: a1", "assistant: re: a1", "user: a2"], ["user: named"],
                ["user: b1", "assistant: re: b1", "user: b2"], ["user: a3"],
            ])
        #expect(runner.requests.elements.allSatisfy { $0.user == "u1" })
    }

    /// What a person and the agent said in turns, the person first.
    private static func turns(_ texts: String...) -> JSON {
        .array(
            texts.enumerated().map { place, text in
                ["role": place % 2 == 0 ? "user" : "assistant", "content": .string(text)]
            })
    }

    /// What a front end sends when a message is asked again, changed or taken back: the whole chat as it is then.
    @Test(arguments: [
        ["one"], ["One"], ["one", "re: one", "two"], ["one", "re: one", "TWO"], ["one", "changed answer", "two"],
        ["One", "re: One", "two", "re: two", "three"],
    ])
    func aChatIsWhatTheFrontEndSendsOfIt(texts: [String]) async throws {
        let wanted = texts.enumerated().map { ($0 % 2 == 0 ? "user: " : "assistant: ") + $1 }
        func messages(_ texts: [String]) -> JSON {
            .array(
                texts.enumerated().map { place, text in
                    ["role": place % 2 == 0 ? "user" : "assistant", "content": .string(text)]
                })
        }
        try await ServiceTrial(runner).run { trial in
            for user: JSON in [nil, "ann"] {
                _ = try await trial.say("one", ["user": user], fields: fields("u1", "a"))
                _ = try await trial.chat(
                    Self.turns("one", "re: one", "two"), ["user": user], fields: fields("u1", "a"))
                for _ in 0..<2 {
                    _ = try await trial.chat(messages(texts), ["user": user], fields: fields("u1", "a"))
                    #expect(runner.requests.elements.last?.lines == wanted)
                }
            }
        }
    }

    @Test func aChoreOfTheFrontEndIsNoPartOfTheChat() async throws {
        try await ServiceTrial(runner).run { trial in
            _ = try await trial.say("hello", fields: fields("u1", "a"))
            _ = try await trial.say("### Task:\nGenerate a title.", fields: fields("u1", "a"))
            _ = try await trial.chat(Self.turns("hello", "re: hello", "more"), fields: fields("u1", "a"))
        }
        #expect(runner.requests.elements[1].lines == ["user: ### Task:\nGenerate a title."])
        #expect(runner.requests.elements[2].lines == ["user: hello", "assistant: re: hello", "user: more"])
    }

    @Test func nobodyGoesOnWhereNothingIsRemembered() async throws {
        var options = ServiceOptions()
        options.sessionSeconds = 0
        try await ServiceTrial(runner, options: options).run { trial in
            for _ in 0..<2 { _ = try await trial.say("hello", ["user": "ann"]) }
        }
        #expect(runner.requests.elements.map { $0.lines.count } == [1, 1])
    }

    @Test(arguments: [(nil, 3600), ("ann", 0)] as [(JSON, Double)])
    func requestsByThemselvesDoNotWaitForOneAnother(user: JSON, seconds: Double) async throws {
        var options = ServiceOptions()
        options.sessionSeconds = seconds
        let (signals, signal) = AsyncStream<Void>.makeStream()
        let runner = FakeRunner { request, tell in
            if request.conversation.last?.text == "slow" { for await _ in signals { break } }
            return await FakeRunner.says("ok", tell)
        }
        try await ServiceTrial(runner, options: options).run { trial in
            async let slow = trial.say("slow", ["user": user])
            try await runner.requests.wait(forCount: 1)
            #expect(try await trial.say("quick", ["user": user]).text == "ok")
            signal.yield()
            #expect(try await slow.text == "ok")
        }
    }
}
