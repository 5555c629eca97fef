import JSON
import MCPServers
import OpenAI
import SystemCalls
import TestSupport
import Testing

@testable import ExecAgent

/// A runner that does what a test says.
struct ScriptedRunner: AgentRunner {
    typealias Work =
        @Sendable ([ChatMessage], @Sendable (AgentEvent) async -> Void) async throws -> RunResult

    let work: Work

    init(_ work: @escaping Work) {
        self.work = work
    }

    func run(
        _ conversation: [ChatMessage], user: String?, model: String?, limits: RunLimits, parameters: JSONObject,
        answerer: (any QuestionAnswerer)?, onEvent: @escaping @Sendable (AgentEvent) async -> Void
    ) async throws -> RunResult {
        try await work(conversation, onEvent)
    }

    /// A runner that says something.
    static func says(_ text: String, _ end: RunResult.End = .answered) -> ScriptedRunner {
        ScriptedRunner { _, onEvent in
            await onEvent(.text(text))
            return RunResult(messages: [ChatMessage(role: .assistant, text: text)], end: end)
        }
    }
}

/// Tools with artifacts.
struct ArtifactToolBox: ToolProvider {
    var files: [String: [UInt8]] = [:]
    /// What happens before an artifact is handed out.
    var before: @Sendable (_ name: String) async -> Void = { _ in }

    func artifact(named name: String, of user: String?) async throws(ToolServerError) -> ArtifactFile {
        await before(name)
        if Task.isCancelled { throw ToolServerError(message: "the call was cancelled") }
        guard let bytes = files[name] else { throw ToolServerError(message: "no such artifact", isNotFound: true) }
        return ArtifactFile(mediaType: "text/plain", bytes: bytes)
    }

    func artifacts(of user: String?) async throws(ToolServerError) -> [ArtifactInfo] {
        files.keys.sorted().map { ArtifactInfo(name: $0, mediaType: "text/plain", size: files[$0]?.count) }
    }

    func tools() async throws(ToolServerError) -> [FunctionTool] { [] }
    func systemPrompt(for user: String?) async -> String { "" }
    func call(
        _ name: String, _ arguments: JSONObject, user: String?, questions: CallQuestions?,
        onProgress: @escaping @Sendable (String) -> Void
    ) async -> ToolOutcome { .failure("none") }
    func skills(of user: String?) async throws(ToolServerError) -> [SkillInfo] { [] }
    func skill(named name: String, of user: String?) async throws(ToolServerError) -> String { "" }
    func health() async -> [ToolServerHealth] { [] }
    func close() async {}
}

extension AgentEvent {
    /// The end of a call that made these artifacts.
    static func ended(_ id: String, artifacts: [String] = []) -> AgentEvent {
        .toolEnded(
            ToolEnd(callID: id, name: "look", isError: false, exitCode: 0, duration: 0.5, artifacts: artifacts))
    }
}

@Suite(.timeLimit(.minutes(3))) struct TaskRunnerTests {
    private func run(
        _ runner: ScriptedRunner, files: [String: [UInt8]] = [:], output: String? = nil, isJSON: Bool = false
    ) async throws -> (status: Int32, written: String) {
        let trial = try ScreenTrial()
        let task = TaskRunner(
            runner: runner, toolProvider: ArtifactToolBox(files: files), screen: trial.screen,
            interrupts: SignalHandler(),
            user: nil, limits: RunLimits(), output: output.map { OutputDirectory(path: $0) }, isJSON: isJSON)
        let status = await task.run("do it")
        return (status, try await trial.written())
    }

    @Test func printsTheAnswer() async throws {
        let (status, written) = try await run(.says("It is 4."))
        #expect(status == 0)
        #expect(written == "It is 4.\n")
    }

    @Test func saysThatALimitEndedIt() async throws {
        let (status, written) = try await run(.says("[Stopped.]", .limit("[Stopped.]")))
        #expect(status == 3)
        #expect(written == "[Stopped.]\n")
        let cut = try await run(.says("It is", .cut))
        #expect(cut.status == 3)
        #expect(cut.written == "It is\nexec-agent: the answer was cut at the model's own token limit\n")
    }

    @Test func saysWhyItFailed() async throws {
        let (status, written) = try await run(
            ScriptedRunner { _, _ in throw ModelError(kind: .unauthorized, message: "bad key:\nset another") })
        #expect(status == 1)
        #expect(written == "exec-agent: bad key: set another\n")
    }

    @Test func anInterruptIsNoFailure() async throws {
        let (status, written) = try await run(ScriptedRunner { _, _ in throw CancellationError() })
        #expect(status == 130)
        #expect(written == "exec-agent: interrupted\n")
    }

    private let withArtifacts = ScriptedRunner { _, onEvent in
        await onEvent(.toolStarted(.look("a")))
        await onEvent(.ended("a", artifacts: ["x.txt", "gone.txt"]))
        await onEvent(.toolStarted(.look("b")))
        await onEvent(.ended("b", artifacts: ["x.txt"]))
        return RunResult(messages: [ChatMessage(role: .assistant, text: "done")], end: .answered)
    }

    @Test func savesWhatTheRunMade() async throws {
        let directory = try TemporaryDirectory()
        let output = "\(directory.path)/out"
        let (status, written) = try await run(withArtifacts, files: ["x.txt": [65], "other.txt": [66]], output: output)
        #expect(status == 0)
        #expect(
            written == """
                [1] look
                [1] exit 0 in 0.5 s; artifacts: x.txt, gone.txt
                [2] look
                [2] exit 0 in 0.5 s; artifacts: x.txt
                exec-agent: the artifact gone.txt was not saved: no such artifact
                Saved \(output)/x.txt

                """)
        #expect(Files.read("\(output)/x.txt", limit: 10) == [65])
        #expect(Files.read("\(output)/other.txt", limit: 10) == nil)
    }

    @Test func savesBothOfTwoNamesThatDifferInTheirBytesAlone() async throws {
        let directory = try TemporaryDirectory()
        let names = ["caf\u{E9}.txt", "cafe\u{301}.txt"]
        let runner = ScriptedRunner { _, onEvent in
            for name in names {
                await onEvent(.toolStarted(.look(name)))
                await onEvent(.ended(name, artifacts: [name]))
            }
            return RunResult(messages: [ChatMessage(role: .assistant, text: "done")], end: .answered)
        }
        let (_, written) = try await run(runner, files: [names[0]: [65]], output: directory.path)
        #expect(written.ranges(of: "Saved ").count == 2, "\(written)")
        for name in names { #expect(Files.read("\(directory.path)/\(name)", limit: 10) == [65]) }
    }

    @Test func leavesWhatTakesTooLongToSaveWhereItIs() async throws {
        let clock = StoppedClock()
        let directory = try TemporaryDirectory()
        let trial = try ScreenTrial()
        let toolProvider = ArtifactToolBox(files: ["x.txt": [65], "slow.txt": [66], "y.txt": [67]]) { name in
            guard name == "slow.txt" else { return }
            clock.advance()
            try? await Task.sleep(for: .seconds(600))
        }
        let runner = ScriptedRunner { _, onEvent in
            await onEvent(.ended("a", artifacts: ["x.txt", "slow.txt", "y.txt"]))
            return RunResult(messages: [ChatMessage(role: .assistant, text: "done")], end: .answered)
        }
        let task = TaskRunner(
            runner: runner, toolProvider: toolProvider, screen: trial.screen, interrupts: SignalHandler(), user: nil,
            limits: RunLimits(seconds: 90), output: OutputDirectory(path: directory.path), isJSON: false,
            clock: clock.clock)
        #expect(await task.run("do it") == 0)
        let written = try await trial.written()
        for name in ["slow.txt", "y.txt"] {
            #expect(
                written.contains(
                    "the artifact \(name) was not saved: the time limit was reached; it stays in the sandbox"))
        }
        #expect(written.hasSuffix("Saved \(directory.path)/x.txt\n"))
    }

    @Test func savesWhatARunMadeThatTookAllOfItsTime() async throws {
        let clock = StoppedClock()
        let deadline = Deadline(in: 90, on: clock.clock)
        #expect(deadline.forSaving.moment == 90)
        clock.advance()
        #expect(deadline.isOver)
        #expect(!deadline.forSaving.isOver)
    }

    @Test func saysWhatIsLeftInTheSandbox() async throws {
        let (_, written) = try await run(withArtifacts)
        #expect(written.hasSuffix("Left in the sandbox: x.txt, gone.txt. Use --output DIR to save them.\n"))
    }

    @Test func speaksJSONToPrograms() async throws {
        let directory = try TemporaryDirectory()
        let (status, written) = try await run(
            ScriptedRunner { _, onEvent in
                await onEvent(.text("hm\u{1B}"))
                await onEvent(.ended("a", artifacts: ["x.txt"]))
                return RunResult(
                    messages: [ChatMessage(role: .assistant, text: "[Stopped.]")], end: .limit("[Stopped.]"),
                    usage: TokenUsage(prompt: 3, completion: 4))
            }, files: ["x.txt": [65]], output: directory.path, isJSON: true)
        #expect(status == 3)
        let lines = written.split(separator: "\n").map { try? JSON.parse(String($0)) }
        #expect(lines.count == 3)
        #expect(lines[0] == ["type": "text", "text": "hm\u{1B}"])
        #expect(lines[1]?["type"] == "tool_ended")
        #expect(
            lines[2] == [
                "type": "result", "status": "limit", "answer": "[Stopped.]", "reason": "[Stopped.]",
                "usage": ["prompt_tokens": 3, "completion_tokens": 4],
                "artifacts": [["name": "x.txt", "path": .string("\(directory.path)/x.txt")]],
            ])
    }

    @Test func speaksJSONOfAFailureToo() async throws {
        let (status, written) = try await run(
            ScriptedRunner { _, _ in throw ModelError(kind: .silent, message: "silence") }, isJSON: true)
        #expect(status == 1)
        #expect(written == #"{"type":"result","status":"failed","answer":"","reason":"silence","artifacts":[]}"# + "\n")
    }

    /// What a run broke off with, and what is said of it.
    struct BrokenRun: Sendable {
        let error: any Error
        let status: String
        let reason: String
        let exit: Int32
    }

    @Test(arguments: [
        BrokenRun(
            error: ModelError(kind: .unreachable, message: "lost"), status: "failed", reason: "lost",
            exit: 1),
        BrokenRun(
            error: ModelError(kind: .refused, message: "held back"), status: "failed", reason: "held back", exit: 1),
        BrokenRun(error: ToolServerError(message: "gone"), status: "failed", reason: "gone", exit: 1),
        BrokenRun(error: CancellationError(), status: "interrupted", reason: "interrupted", exit: 130),
    ])
    func jsonHasWhatCameOfAnAnswerThatBrokeOff(_ broken: BrokenRun)
        async throws
    {
        let (ended, written) = try await run(
            ScriptedRunner { _, onEvent in
                await onEvent(.text("I look."))
                await onEvent(.toolStarted(.look("a")))
                await onEvent(.ended("a"))
                for piece in ["\n\n", "It is ", "f"] { await onEvent(.text(piece)) }
                throw broken.error
            }, isJSON: true)
        let last = try written.split(separator: "\n").last.map { try JSON.parse(String($0)) }
        #expect(ended == broken.exit)
        #expect(
            last == [
                "type": "result", "status": .string(broken.status), "answer": "It is f",
                "reason": .string(broken.reason),
                "artifacts": [],
            ])
    }

    @Test func whatIsSaidBeforeACallIsNoAnswerOfATurnThatFailed() async throws {
        let (_, written) = try await run(
            ScriptedRunner { _, onEvent in
                await onEvent(.text("I look."))
                await onEvent(.toolStarted(.look("a")))
                throw ModelError(kind: .silent, message: "silence")
            }, isJSON: true)
        #expect(
            written.hasSuffix(
                #"{"type":"result","status":"failed","answer":"","reason":"silence","artifacts":[]}"# + "\n"))
    }
}
