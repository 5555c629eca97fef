import JSONRPC
import MCP
import Testing

@testable import ExecMCP

@Suite struct AuditOutcomeTests {
    @Test func aCommandIsDoneWhateverItsExitCode() {
        let result = ExecuteBashTool.toolResult(.of(exitCode: 3, output: "é\n", error: "no"))
        #expect(AuditOutcome(result) == AuditOutcome(.ok, exitCode: 3, bytes: 5))
    }

    @Test func aCommandWithoutOutputReturnsNothing() {
        #expect(AuditOutcome(ExecuteBashTool.toolResult(.of(exitCode: 0))).bytes == 0)
    }

    @Test func aTimeoutHasAnOutcomeOfItsOwn() {
        let result = ExecuteBashTool.toolResult(.of(exitCode: -1, output: "x", timedOut: true))
        #expect(AuditOutcome(result) == AuditOutcome(.timedOut, exitCode: -1, bytes: 1))
    }

    @Test func otherToolsReturnTextAndPictures() {
        let content: [ContentBlock] = [.image(data: [1, 2, 3], mediaType: "image/png"), .text("ab")]
        #expect(AuditOutcome(ToolResult(content: content)) == AuditOutcome(.ok, bytes: 5))
    }

    @Test func aFailureKeepsItsText() {
        let outcome = AuditOutcome(.failure("No engine."))
        #expect(outcome == AuditOutcome(error: "No engine."))
        #expect(outcome.kind == .error)
    }

    @Test func ofACancelledCallTheClientGotNothing() {
        let ended = AuditOutcome(.ok, exitCode: 143, bytes: 9).cancelled
        #expect(ended == AuditOutcome(.cancelled, exitCode: 143, bytes: 0))
    }

    @Test func aCallHasTheOutcomeOfWhatCameOfIt() {
        let result = ToolResult(content: [.text("ab")])
        #expect(AuditOutcome(.tool(result, remark: "a remark of the server")) == AuditOutcome(.ok, bytes: 2))
        #expect(AuditOutcome(.failure(.invalidParams("why"))) == AuditOutcome(error: "why"))
    }

    @Test func aResourceHasASize() {
        let contents = ResourceContents(uri: "artifact:///a", mediaType: "text/plain", bytes: [0, 1])
        #expect(AuditOutcome(.resource(contents)) == AuditOutcome(.ok, bytes: 2))
    }
}
