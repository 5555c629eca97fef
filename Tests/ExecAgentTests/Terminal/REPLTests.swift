import JSON
import OpenAI
import SystemCalls
import TestSupport
import Testing

@testable import ExecAgent

@Suite(.timeLimit(.minutes(3))) struct REPLTests {
    private let heard = Recorder<[ChatMessage]>()

    /// Answers each message with its number.
    private var counting: ScriptedRunner {
        ScriptedRunner { [heard] conversation, onEvent in
            heard.record(conversation)
            let text = "answer \(heard.elements.count)"
            await onEvent(.text(text))
            return RunResult(messages: [ChatMessage(role: .assistant, text: text)], end: .answered)
        }
    }

    /// Talks, line by line.
    private func talk(
        _ lines: String..., runner: ScriptedRunner? = nil, files: [String: [UInt8]] = [:], output: String? = nil,
        home: String? = nil
    ) async throws -> String {
        let trial = try ScreenTrial()
        var conversation = REPL(
            runner: runner ?? counting, toolProvider: ArtifactToolBox(files: files), screen: trial.screen,
            interrupts: SignalHandler(), user: nil, limits: RunLimits(),
            output: output.map { OutputDirectory(path: $0) },
            greeting: "Hello.", home: home)
        let (stream, continuation) = AsyncStream.makeStream(of: String.self)
        for line in lines { continuation.yield(line) }
        continuation.finish()
        #expect(await conversation.run(lines: stream) == 0)
        return try await trial.written()
    }

    @Test func remembersWhatWasSaid() async throws {
        let written = try await talk("one", "", "  two  ", "/exit", "three")
        #expect(written == "Hello.\n> answer 1\n> > answer 2\n> ")
        #expect(heard.elements.count == 2)
        #expect(heard.elements.last?.map(\.text) == ["one", "answer 1", "two"])
    }

    @Test func endsWithItsInput() async throws {
        #expect(try await talk("one") == "Hello.\n> answer 1\n> \n")
    }

    @Test func beginsAnew() async throws {
        let written = try await talk("one", "/new", "two", "/exit")
        #expect(written.contains("A new conversation.\n"))
        #expect(heard.elements.last?.map(\.text) == ["two"])
    }

    @Test func aLineMayGoOnInTheNext() async throws {
        let written = try await talk("one\\", "two\\", "three", "/exit")
        #expect(written == "Hello.\n> … … answer 1\n> ")
        #expect(heard.elements.first?.map(\.text) == ["one\ntwo\nthree"])
    }

    @Test func explainsItself() async throws {
        let written = try await talk("/help", "/nonsense\u{1B}[31m", "/exit")
        #expect(written.contains(REPL.help))
        #expect(written.contains("There is no /nonsense\u{FFFD}[31m; /help lists the commands."))
        #expect(heard.elements.isEmpty)
    }

    @Test(arguments: [
        "/workspace/data.csv: how many rows?", "/etc/passwd", "/data.csv what is it?", "/tmp: what is there?", "//x",
        "/",
        "/ a", "/2 + 3", "/a_b c", "/home/me/",
    ])
    func whatBeginsWithAPathIsAMessage(message: String) async throws {
        _ = try await talk(message, "/exit")
        #expect(heard.elements.map { $0.map(\.text) } == [[message]])
    }

    @Test(arguments: ["/artifact", "/Save x.md", "/tmp what is there?", "/saves", "/new\u{7}er"])
    func whatLooksLikeACommandIsNoMessage(message: String) async throws {
        let written = try await talk(message, "/exit")
        #expect(written.contains("; /help lists the commands."))
        #expect(heard.elements.isEmpty)
    }

    @Test func aTildeIsTheHomeDirectory() async throws {
        let home = try TemporaryDirectory()
        let written = try await talk(
            "one", "/artifacts ~/art", "/save ~/c.md", "/save ~x.md/c.md", "/exit", files: ["a.txt": [1]],
            home: home.path)
        #expect(written.contains("Saved \(home.path)/art/a.txt\n"))
        #expect(written.contains("Saved \(home.path)/c.md\n"))
        #expect(written.contains("cannot write ~x.md/c.md"))
    }

    @Test func aFailureLeavesNothingBehind() async throws {
        let runner = ScriptedRunner { [heard] conversation, _ in
            heard.record(conversation)
            throw ModelError(kind: .contextTooLong, message: "too long: begin anew with /new")
        }
        let written = try await talk("one", "two", "/exit", runner: runner)
        #expect(written.contains("exec-agent: too long: begin anew with /new\n"))
        #expect(heard.elements.last?.map(\.text) == ["two"])
    }

    @Test func whatWasSaidBeforeAnInterruptStays() async throws {
        let runner = ScriptedRunner { [heard] conversation, onEvent in
            heard.record(conversation)
            await onEvent(.text("I begin"))
            throw CancellationError()
        }
        let written = try await talk("one", "two", "/exit", runner: runner)
        #expect(written.contains("I begin\nInterrupted.\n"))
        #expect(heard.elements.last?.map(\.role) == [.user, .assistant, .user])
        #expect(heard.elements.last?[1].text == "I begin\n\n[The user interrupted this answer.]")
    }

    @Test func ctrlCEndsTheRunAndNotTheConversation() async throws {
        let trial = try ScreenTrial()
        let interrupts = SignalHandler()
        let begun = Recorder<Int>()
        let runner = ScriptedRunner { conversation, _ in
            begun.record(conversation.count)
            guard conversation.count == 1 else { return RunResult(messages: [], end: .answered) }
            try await Task.sleep(for: .seconds(600))
            return RunResult(messages: [], end: .answered)
        }
        let (stream, continuation) = AsyncStream.makeStream(of: String.self)
        continuation.yield("one")
        let talk = Task {
            var conversation = REPL(
                runner: runner, toolProvider: ArtifactToolBox(), screen: trial.screen, interrupts: interrupts,
                user: nil,
                limits: RunLimits(), output: nil, greeting: "Hello.")
            return await conversation.run(lines: stream)
        }
        try await begun.wait(forCount: 1)
        interrupts.receive(2)
        continuation.yield("two")
        try await begun.wait(forCount: 2)
        continuation.finish()
        #expect(await talk.value == 0)
        #expect(begun.elements == [1, 3])
        #expect(interrupts.endingSignal == nil)
    }

    private var making: ScriptedRunner {
        ScriptedRunner { _, onEvent in
            await onEvent(.ended("a", artifacts: ["x.txt"]))
            return RunResult(messages: [ChatMessage(role: .assistant, text: "made")], end: .answered)
        }
    }

    @Test func listsAndSavesTheArtifacts() async throws {
        let directory = try TemporaryDirectory()
        let files: [String: [UInt8]] = ["x.txt": [65], "old.txt": [66, 67]]
        let written = try await talk(
            "one", "/artifacts", "/artifacts \(directory.path)/all", "/exit", runner: making, files: files)
        #expect(written.contains("  old.txt (text/plain, 2 bytes)\n* x.txt (text/plain, 1 bytes)\n"))
        #expect(written.contains("Saved \(directory.path)/all/old.txt\nSaved \(directory.path)/all/x.txt\n"))
        #expect(Files.read("\(directory.path)/all/x.txt", limit: 10) == [65])
        #expect(try await talk("/artifacts", "/exit").contains("There are no artifacts.\n"))
    }

    @Test func savesArtifactsByItselfWhereToldSo() async throws {
        let directory = try TemporaryDirectory()
        let written = try await talk("one", "/exit", runner: making, files: ["x.txt": [65]], output: directory.path)
        #expect(written.contains("Saved \(directory.path)/x.txt\n"))
    }

    @Test func savesTheConversation() async throws {
        let directory = try TemporaryDirectory()
        let file = "\(directory.path)/talk"
        let written = try await talk(
            "/save", "one", "/save \(file).md", "/save \(file).json", "/save \(file).md", "/save", "/exit",
            output: directory.path)
        #expect(written.contains("The conversation is empty.\n"))
        #expect(written.contains("Saved \(file).md\n"))
        #expect(written.contains("Saved \(file).json\n"))
        #expect(written.contains("exec-agent: cannot write \(file).md: the file already exists\n"))
        #expect(written.contains("Saved \(directory.path)/conversation-20"))
        let text = String(decoding: Files.read("\(file).md", limit: 10_000) ?? [], as: UTF8.self)
        #expect(text == "## User\n\none\n\n## Agent\n\nanswer 1\n")
        let json = try JSON.parse(Files.read("\(file).json", limit: 10_000) ?? [])
        #expect(json["messages"]?.arrayValue?.count == 2)
    }

    @Test func aTranscriptShowsCallsAndResultsAsCode() {
        let text = Transcript.markdown([
            ChatMessage(
                role: .assistant, content: [.text("I look.")],
                toolCalls: [.look("a", #"{"command":"echo '```'\nls"}"#), .look("b", "{}")]),
            ChatMessage(role: .tool, content: [.text("x")], toolCallID: "a"),
            ChatMessage(role: .user, content: [.text("see"), .imageURL("data:x")]),
        ])
        #expect(
            text == """
                ## Agent

                I look.

                Calls `look`:

                ````
                echo '```'
                ls
                ````

                Calls `look`:

                ```
                {}
                ```

                ## Result

                ```
                x
                ```

                ## User

                see

                (a picture)

                """)
    }
}
