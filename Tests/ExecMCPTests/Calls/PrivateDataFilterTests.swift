import ExecCore
import JSON
import JSONRPC
import MCP
import PrivateData
import TestSupport
import Testing

@testable import ExecMCP

@Suite(.timeLimit(.minutes(3))) struct PrivateDataFilterTests {
    private static let mail = "ada.lovelace@analytical.org"

    private let filter = PrivateDataFilter(vaults: PrivateDataVaults(mode: .all))
    private let user: UserID

    init() throws {
        user = try #require(UserID("ann"))
    }

    /// Returns the answer to a call with this result.
    private func answer(_ result: CallResult, of tool: String = "t", quotesTokens: Bool = false) async throws -> JSON {
        let context = RequestContext(revision: .july2026, meta: JSONObject())
        var call = ToolCall(
            name: tool, user: user, context: context, audit: AuditedCall(in: nil, of: tool, nil, by: user, context)
        ) { _, _ in result }
        call.quotesTokens = quotesTokens
        return try .object(await CallPipeline(privateData: filter).answer(to: call).get())
    }

    private func token(of text: String) async throws -> String {
        let shown = try await answer(.tool(ToolResult(content: [.text(text)])))
        return try #require(shown["content"]?.arrayValue?.first?["text"]?.stringValue)
    }

    private static func streams(_ output: String, truncated: Bool = false) -> ToolResult {
        var object: JSONObject = ["exit_code": 0, "stdout": .string(output), "stderr": .string("by \(mail)")]
        if truncated { object["truncated"] = true }
        return ToolResult(content: [.text(JSON.object(object).text)], structuredContent: .object(object))
    }

    @Test func aFileIsReplacedAsAWholeAndThenCut() async throws {
        let text = "mail: \(Self.mail)!"
        let token = try await token(of: Self.mail)
        func read(_ bytes: [UInt8], size: Int, offset: Int, length: Int) async throws -> JSON {
            try await answer(
                .sandbox(
                    SandboxReply(
                        ["path": .string("/workspace/\(Self.mail)")],
                        SandboxReply.Content(bytes: bytes, start: 0, size: size, offset: offset, length: length))))
        }
        let whole = "mail: \(token)!"
        let found = try await read(Array(text.utf8), size: text.utf8.count, offset: 6, length: 10)
        #expect(found["data"] == .string(Base64.encode(Array(whole.utf8.dropFirst(6).prefix(10)))))
        #expect(found["size"] == .integer(whole.utf8.count))
        #expect(found["path"] == .string("/workspace/\(token)"))
        // A part of a file could begin or end within a value.
        let part = try await read(Array(text.utf8.prefix(12)), size: text.utf8.count, offset: 0, length: 12)
        #expect(part["data"] == "")
        let binary: [UInt8] = [0, 1] + Array(text.utf8)
        let kept = try await read(binary, size: binary.count, offset: 0, length: 100)
        #expect(kept["data"] == .string(Base64.encode(binary)))
    }

    @Test func namesOfEntriesAreReplaced() async throws {
        let entries: JSON = [["name": .string(Self.mail), "path": .string("/workspace/\(Self.mail)"), "size": 5]]
        let answer = try await answer(.sandbox(SandboxReply(["path": "/workspace", "entries": entries])))
        let token = try await token(of: Self.mail)
        #expect(answer["entries"] == [["name": .string(token), "path": .string("/workspace/\(token)"), "size": 5]])
    }

    @Test func whatIsInAResultIsReplacedInEachOfItsForms() async throws {
        let result = Self.streams("one\n\(Self.mail)\ttwo")
        let answer = try await answer(
            .tool(
                ToolResult(
                    content: result.content + [
                        .resourceLink(
                            uri: ResourceURI.artifact(name: "\(Self.mail).csv").text, name: "\(Self.mail).csv",
                            mediaType: "text/csv", size: 1), .image(data: [1, 2], mediaType: "image/png"),
                    ], structuredContent: result.structuredContent), remark: "no argument \(Self.mail)"))
        #expect(!answer.text.contains("lovelace"))
        let blocks = try #require(answer["content"]?.arrayValue)
        #expect(blocks.first?["text"]?.stringValue == answer["structuredContent"]?.text)
        let token = try await token(of: Self.mail)
        #expect(answer["structuredContent"]?["stdout"] == .string("one\n\(token)\ttwo"))
        #expect(blocks[1]["uri"] == .string(ResourceURI.artifact(name: "\(token).csv").text))
        #expect(blocks.last?["text"] == .string("no argument \(token)"))
    }

    @Test func aFailureOfARequestHoldsTokens() async throws {
        let error = RPCError(code: -32002, message: "No \(Self.mail)", data: ["uri": .string(Self.mail)])
        let failure = await #expect(throws: RPCError.self) { try await answer(.failure(error)) }
        #expect(failure.map { "\($0.message) \($0.data?.text ?? "")".contains("lovelace") } == false)
    }

    @Test func aTextIsReplacedAndOtherBytesStay() async throws {
        let uri = ResourceURI.artifact(name: "a").text
        for (bytes, isText) in [(Array("to \(Self.mail)".utf8), true), (Array(Self.mail.utf8) + [0, 0xFF], false)] {
            let contents = ResourceContents(uri: uri, mediaType: "text/plain", bytes: bytes)
            let answer = try await answer(.resource(contents))
            #expect((answer["contents"]?.arrayValue?.first == contents.json) == !isText)
        }
    }

    @Test(arguments: ["utf-16le", "utf-16be", "latin-1"])
    func aTextInAnotherEncodingIsReplacedAndStaysInIt(encoding: String) async throws {
        let isLatin = encoding == "latin-1"
        func bytes(_ text: String) throws -> [UInt8] {
            if isLatin { return try text.unicodeScalars.map { try #require(UInt8(exactly: $0.value)) } }
            return text.utf16.flatMap { unit -> [UInt8] in
                let pair = [UInt8(unit & 0xFF), UInt8(unit >> 8)]
                return encoding == "utf-16le" ? pair : pair.reversed()
            }
        }
        let (start, end) = ((isLatin ? "" : "\u{FEFF}") + "F\u{FC}r ", " \u{E9}\r\n")
        let contents = ResourceContents(
            uri: ResourceURI.artifact(name: "a").text, mediaType: "text/plain",
            bytes: try bytes(start + Self.mail + end))
        let token = try await token(of: Self.mail)
        let expected = ResourceContents(
            uri: contents.uri, mediaType: "text/plain", bytes: try bytes(start + token + end))
        #expect(try await answer(.resource(contents))["contents"]?.arrayValue?.first == expected.json)
    }

    @Test func aSkillIsTheHostsOwn() async throws {
        let uri = ResourceURI.skill(name: "s", path: ["SKILL.md"]).text
        let contents = ResourceContents(uri: uri, mediaType: "text/markdown", bytes: Array(Self.mail.utf8))
        #expect(try await answer(.resource(contents))["contents"]?.arrayValue?.first == contents.json)
    }

    @Test func noPartOfAValueIsShownBesideTheCutOfAStream() async throws {
        for place in 1..<Self.mail.count {
            let filler = String(repeating: "lorem ", count: 200)
            let cut =
                "\(filler)\(Self.mail.prefix(place))\n[… 99 bytes left out: the whole stdout, 9 bytes, is in /output/x …]\n"
            let answer = try await answer(
                .tool(Self.streams(cut + "\(Self.mail.dropFirst(place)) \(filler)", truncated: true)))
            let shown = try #require(answer["structuredContent"]?["stdout"]?.stringValue)
            #expect(!shown.contains("ada") && !shown.contains("org") && !shown.contains("love"), "\(place)")
            #expect(shown.contains("99 bytes left out") && shown.contains("lorem"))
        }
    }

    @Test func noPartOfAValueIsShownAtTheEndOfAPageOrDocstring() async throws {
        let page = String(repeating: "lorem ", count: 200) + "ada.lovelace@analyt"
        let remark =
            "Line 3 is longer than a page: its first 9 bytes are shown. Continue with the next line at offset=3."
        for content in [[ContentBlock.text(page), .text(remark)], [.text(page + DocstringNotice.rest)]] {
            let answer = try await answer(.tool(ToolResult(content: content)), of: "read_docstring")
            #expect(!answer.text.contains("ada"))
        }
    }

    @Test func aFileThatEndsAsACutDocstringDoesIsWhole() async throws {
        let text = "last line" + DocstringNotice.rest
        let answer = try await answer(.tool(ToolResult(content: [.text(text)])), of: "read_file")
        #expect(answer["content"]?.arrayValue?.first?["text"] == .string(text))
    }

    @Test func argumentsAreRestoredAndOthersAreLeft() async throws {
        let token = try await token(of: Self.mail)
        let uri = ResourceURI.artifact(name: "\(token).csv").text
        let restored = try filter.restored(
            [
                "command": .string("echo '\(token)'"), "content": .string(token), "file_path": .string(uri),
                "function_name": .string(token), "timeout": .string(token),
            ], for: user)
        #expect(restored["command"] == .string("echo '\(Self.mail)'"))
        #expect(restored["content"] == .string(Self.mail))
        #expect(restored["file_path"] == .string(ResourceURI.artifact(name: "\(Self.mail).csv").text))
        #expect(restored["function_name"] == .string(token))
        #expect(restored["timeout"] == .string(token))
    }

    @Test func anotherUsersTokenIsUnknownAndNamedAsItCame() async throws {
        let token = try await token(of: Self.mail)
        let other = try #require(UserID("eve"))
        let error = #expect(throws: ToolArguments.MismatchError.self) {
            try filter.restored(["content": .string(token)], for: other)
        }
        let message = try #require(error?.message)
        #expect(error?.isOfValue == true && error?.quotesTokens == true && message.contains(token))
        let shown = try await answer(.tool(.failure(message)), quotesTokens: true)
        #expect(shown["content"]?.arrayValue?.first?["text"] == .string(message))
    }

    @Test func aLogKeepsTokensAndGetsNoValues() async throws {
        let token = try await token(of: Self.mail)
        let recorded = filter.recorded(["command": .string("mail \(token) eve@example.org")], of: user)
        #expect(recorded["command"]?.stringValue?.hasPrefix("mail \(token) <email-") == true)
    }

    @Test func progressIsReplacedOnItsWay() async throws {
        let lines = Recorder<String>()
        let context = RequestContext(revision: .july2026, meta: JSONObject())
        let call = ToolCall(
            name: "t", user: user, context: context, audit: AuditedCall(in: nil, of: "t", nil, by: user, context)
        ) { progress, _ in
            for line in ["mail to \(Self.mail) sent", "mail to ada.lovelace@ana", "Epoch 3/10"] {
                progress.report?(line)
            }
            return .tool(ToolResult(content: []))
        }
        _ = await CallPipeline(privateData: filter).answer(
            to: call.asTask("x", Progress(report: { lines.record($0) })))
        let token = try await token(of: Self.mail)
        #expect(lines.elements == ["mail to \(token) sent", "mail to …", "Epoch 3/10"])
    }

    private struct Person: UserInteraction {
        let asked: Recorder<UserQuestion>
        let answer: UserAnswer

        func ask(_ question: UserQuestion) async -> UserAnswer {
            asked.record(question)
            return answer
        }
    }

    /// Asks the person, and returns what they were asked and the answer that code gets.
    private func ask(
        _ question: UserQuestion, _ answer: UserAnswer
    ) async throws -> (asked: UserQuestion?, heard: UserAnswer?) {
        let person = Person(asked: Recorder(), answer: answer)
        let heard = Recorder<UserAnswer>()
        let context = RequestContext(revision: .july2026, meta: JSONObject())
        var call = ToolCall(
            name: "t", user: user, context: context, audit: AuditedCall(in: nil, of: "t", nil, by: user, context)
        ) { _, interaction in
            if let answer = await interaction?.ask(question) { heard.record(answer) }
            return .tool(ToolResult(content: []))
        }
        call.interaction = person
        _ = await CallPipeline(privateData: filter).answer(to: call)
        return (person.asked.elements.first, heard.elements.first)
    }

    @Test func aPersonIsAskedWithTokensAndAnswersWithValues() async throws {
        let token = try await token(of: Self.mail)
        let question = UserQuestion(
            message: "Send to \(Self.mail)?",
            request: .form(schema: ["properties": ["to": ["default": .string(Self.mail)]]]),
            details: ["arguments": [["to": .string(Self.mail)]]])
        let answer: JSONObject = [
            "to": .string(token), "n": 1, "all": [.string(token), "x"], .init(token): "named",
        ]
        let (asked, heard) = try await ask(question, .accept(answer))
        #expect(asked?.message == "Send to \(token)?")
        #expect(asked?.request == .form(schema: ["properties": ["to": ["default": .string(token)]]]))
        #expect(asked?.details == ["arguments": [["to": .string(token)]]])
        #expect(
            heard
                == .accept([
                    "to": .string(Self.mail), "n": 1, "all": [.string(Self.mail), "x"], .init(Self.mail): "named",
                ]))
    }

    @Test func numbersInAQuestionHoldTokensAndAFormStaysOne() async throws {
        let question = UserQuestion(
            message: "Call?",
            request: .form(
                schema: [
                    "properties": [
                        "number": ["type": "integer", "default": 5_551_234_567],
                        "card": ["type": "number", "default": 4_539_148_803_436_467, "minimum": 1],
                    ]
                ]), details: ["arguments": [["phone": 5_551_234_567, "n": 3]]])
        let asked = try await ask(question, .decline).asked
        let argument = try #require(asked?.details["arguments"]?.arrayValue?.first)
        #expect(argument["phone"]?.stringValue?.hasPrefix("<phone-") == true && argument["n"] == 3)
        #expect(
            asked?.request
                == .form(schema: [
                    "properties": [
                        // Ten digits are a phone's only beside a word that says so.
                        "number": ["type": "integer", "default": 5_551_234_567],
                        "card": ["type": "number", "minimum": 1],
                    ]
                ]))
    }

    @Test(arguments: [
        ("https://a.test/in?to=ada.lovelace%40analytical.org", false),
        ("https://a.test/in?to=ada%2Elovelace%40analytical%2Eorg", false),
        ("https://a.test/%2B44%2020%207946%200958", false), ("https://a.test/in?state=f81d4fae-7dec", true),
        ("http://127.0.0.1:8080/callback", true),
    ]) func nobodyVisitsAnAddressThatHoldsAValue(_ url: String, _ isAsked: Bool) async throws {
        let question = UserQuestion(message: "Sign in.", request: .url(url, id: "e1"))
        let (asked, heard) = try await ask(question, .accept([:]))
        #expect((asked?.request == question.request) == isAsked)
        if case .failed(let reason)? = heard {
            #expect(!isAsked && reason.contains("private data"))
        } else {
            #expect(isAsked)
        }
    }

    @Test func theDataOfAFailureHoldsNoNumbersThatAreValues() async throws {
        let error = RPCError(code: -32002, message: "No", data: ["phone": 5_551_234_567])
        let failure = await #expect(throws: RPCError.self) { try await answer(.failure(error)) }
        #expect(failure?.data?["phone"]?.stringValue?.hasPrefix("<phone-") == true)
    }

    @Test func aLogOfARequestThatNamesNoUserGetsNoValues() {
        let recorded = PrivateDataFilter(vaults: PrivateDataVaults(mode: .found)).recorded(
            ["command": .string("mail \(Self.mail)"), "phone": 5_551_234_567], of: nil)
        #expect(!recorded.text.contains("lovelace") && !recorded.text.contains("5551234567"))
    }
}
