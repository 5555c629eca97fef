import MCP
import Testing

@Suite struct RevisionTests {
    /// What a revision has.
    struct Case: Sendable {
        let revision: Revision
        let name: String
        var isModern = false
        var hasAnnotations = true
        var hasBatches = false
        var hasStructuredContent = true
        var hasDetails = true
        var reportsBadArguments = true
    }

    @Test(arguments: [
        Case(
            revision: .november2024, name: "2024-11-05", hasAnnotations: false, hasStructuredContent: false,
            hasDetails: false, reportsBadArguments: false),
        Case(
            revision: .march2025, name: "2025-03-26", hasBatches: true, hasStructuredContent: false,
            hasDetails: false, reportsBadArguments: false),
        Case(revision: .june2025, name: "2025-06-18", hasDetails: false, reportsBadArguments: false),
        Case(revision: .november2025, name: "2025-11-25"),
        Case(revision: .july2026, name: "2026-07-28", isModern: true),
    ])
    func knowsWhatEachRevisionHas(_ expected: Case) {
        let revision = expected.revision
        #expect(revision.rawValue == expected.name)
        #expect(revision.isModern == expected.isModern)
        #expect(revision.hasToolAnnotations == expected.hasAnnotations)
        #expect(revision.hasBatches == expected.hasBatches)
        #expect(revision.hasStructuredContent == expected.hasStructuredContent)
        #expect(revision.hasImplementationDetails == expected.hasDetails)
        #expect(revision.reportsBadArgumentsAsResult == expected.reportsBadArguments)
    }

    @Test func listsWhatIsServedNewestFirst() {
        #expect(Revision.supported == ["2026-07-28", "2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"])
        #expect(Revision.latestLegacy == .november2025)
        #expect(Revision.allCases == Revision.allCases.sorted())
    }

    @Test(arguments: ["", "2025-11-24", "2025-11-25 ", "DRAFT-2026-v1", "1.0"])
    func knowsNoOtherName(name: String) {
        #expect(Revision(rawValue: name) == nil)
    }
}
