import MCP
import Testing

@Suite struct RevisionTests {
    @Test(arguments: [
        (
            Revision.november2024, "2024-11-05", modern: false, annotations: false, batches: false, structured: false,
            details: false, badArguments: false
        ),
        (
            .march2025, "2025-03-26", modern: false, annotations: true, batches: true, structured: false,
            details: false, badArguments: false
        ),
        (
            .june2025, "2025-06-18", modern: false, annotations: true, batches: false, structured: true,
            details: false, badArguments: false
        ),
        (
            .november2025, "2025-11-25", modern: false, annotations: true, batches: false, structured: true,
            details: true, badArguments: true
        ),
        (
            .july2026, "2026-07-28", modern: true, annotations: true, batches: false, structured: true,
            details: true, badArguments: true
        ),
    ])
    func knowsWhatEachRevisionHas(
        revision: Revision, name: String, modern: Bool, annotations: Bool, batches: Bool, structured: Bool,
        details: Bool, badArguments: Bool
    ) {
        #expect(revision.rawValue == name)
        #expect(revision.isModern == modern)
        #expect(revision.hasToolAnnotations == annotations)
        #expect(revision.hasBatches == batches)
        #expect(revision.hasStructuredContent == structured)
        #expect(revision.hasImplementationDetails == details)
        #expect(revision.reportsBadArgumentsAsResult == badArguments)
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
