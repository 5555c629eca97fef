import ExecCore
import JSON
import MCP
import PrivateData
import TestSupport
import Testing

@testable import ExecMCP

/// Visits to URLs that a client was asked for, once they are done.
@Suite struct VisitTests {
    @Test(arguments: [Revision.november2025, .june2025])
    func aClientWhoseRevisionHasVisitsIsToldThatOneIsDone(revision: Revision) throws {
        let sent = Recorder<JSON>()
        let questions = ClientQuestions { sent.record($0) }
        let context = RequestContext(revision: revision, elicitation: [.form, .url])
        let user = QuestionedUser(id: try #require(UserID("ann")), isNamed: false, isDefault: true)
        let inner = try #require(questions.interaction(for: context, of: user))
        // The filter of private data doesn't keep it back.
        let interaction = PrivateInteraction(inner: inner, vault: PrivateDataVaults(mode: .all).vault(of: "ann"))
        interaction.visitCompleted("fake/e1")
        let notification: JSON = [
            "jsonrpc": "2.0", "method": "notifications/elicitation/complete", "params": ["elicitationId": "fake/e1"],
        ]
        #expect(sent.elements == (revision == .november2025 ? [notification] : []))
    }
}
