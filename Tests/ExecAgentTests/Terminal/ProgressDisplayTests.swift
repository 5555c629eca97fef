import OpenAI
import TestSupport
import Testing

@testable import ExecAgent

@Suite(.timeLimit(.minutes(3))) struct ProgressDisplayTests {
    private func end(
        _ id: String, isError: Bool = false, exitCode: Int? = nil, artifacts: [String] = []
    ) -> AgentEvent {
        .toolEnded(
            AgentEvent.ToolEnd(
                callID: id, name: "look", isError: isError, exitCode: exitCode, duration: 1.24, artifacts: artifacts))
    }

    @Test func showsWhatTheAgentDoes() async throws {
        let trial = try ScreenTrial()
        let activity = ProgressDisplay(screen: trial.screen)
        activity.show(.text("I begin.\n"))
        activity.show(
            .toolStarted(
                ChatToolCall(
                    id: "a", name: "execute_bash", arguments: #"{"timeout":5,"command":"\npython3 x.py\ncat y"}"#))
        )
        activity.show(.toolStarted(.look("b")))
        activity.show(.toolProgress(callID: "a", message: "half"))
        activity.show(end("b", isError: true))
        activity.show(end("a", exitCode: 2, artifacts: ["p.png", "q\u{1B}[31m.csv"]))
        activity.show(.retrying(reason: "busy\nnow", seconds: 2))
        #expect(
            try await trial.written() == """
                I begin.
                [1] execute_bash: python3 x.py …
                [2] look
                [2] failed in 1.2 s
                [1] exit 2 in 1.2 s; artifacts: p.png, q\u{FFFD}[31m.csv
                The model is asked again in 2.0 s: busy now

                """)
    }

    @Test(arguments: [
        (#"{"command":"ls"}"#, "t: ls"), (#"{"file_path":"/a","content":"x"}"#, "t: /a"),
        (#"{"x":1,"y":"why"}"#, "t: why"), ("{}", "t"), ("{", "t"), (#"{"command":"\u001b[31mls\n"}"#, "t: ls"),
        (#"{"command":"  \n"}"#, "t"),
    ])
    func summarisesACall(arguments: String, summary: String) {
        #expect(CallSummary.of(ChatToolCall(id: "a", name: "t", arguments: arguments)) == summary)
    }

    @Test func aSummaryIsShort() {
        let long = String(repeating: "x", count: 10_000)
        let summary = CallSummary.of(ChatToolCall(id: "a", name: long, arguments: #"{"command":"\#(long)"}"#))
        #expect(summary.count < 300)
    }

    @Test(arguments: [
        (0.04, "0.0 s"), (0.96, "1.0 s"), (12.34, "12.3 s"), (125, "2 min 5 s"), (-1, "0.0 s"),
        (1e300, "16666666 min 40 s"),
    ])
    func saysTimes(seconds: Double, text: String) {
        #expect(CallSummary.duration(seconds) == text)
    }

    @Test func movesWhileItWaits() async throws {
        let trial = try ScreenTrial { $0.canRedraw = true }
        let activity = ProgressDisplay(screen: trial.screen)
        activity.show(.toolStarted(.look("a", #"{"command":"sleep"}"#)))
        activity.show(.toolProgress(callID: "a", message: "half\u{1B}[2J done"))
        let animation = Task { await activity.animate() }
        let pipe = trial.pipe
        var text = ""
        while text.split(separator: "\r").count < 4 {
            text += String(decoding: try await onThread { readSome(from: pipe.readEnd) }, as: UTF8.self)
        }
        animation.cancel()
        await animation.value
        #expect(text.hasPrefix("[1] look: sleep\n"))
        #expect(text.contains(/\[1\] .* s: half done/))
        #expect(!text.contains("[2J"))
    }
}
