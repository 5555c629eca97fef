import ExecCore
import JSON
import Testing

@testable import ExecMCP

@Suite struct DraftReviewTests {
    private static let main = "---\nname: a\ndescription: d\n---\n"

    private func review(
        files: [String: String] = [:], approved: [String: String]? = nil, tests: DraftTrial.Tests = .none,
        unclear: [String] = [], requirements: [SkillRequirement] = [], occupant: String? = nil
    ) throws -> DraftReview {
        func content(_ files: [String: String]) throws -> SkillContent {
            let all = ["SKILL.md": Self.main].merging(files) { $1 }
            return try SkillContent(name: "a", files: all.map { SkillContent.File(path: $0.key, text: $0.value) })
        }
        return DraftReview(
            draft: try #require(SkillDraft(["name": "a", "files": [], "changed": [1, 2]])), content: try content(files),
            trial: DraftTrial.Result(unclear: unclear, tests: tests), requirements: requirements, isPinned: true,
            untrustedServers: [], approved: try approved.map(content), isInstalled: false, occupant: occupant)
    }

    private func rows(_ text: String) -> [String] {
        text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).map { String($0) }
    }

    @Test(
        arguments: [
            (
                SkillRequirement(module: "crm", server: "crm", tools: ["read": "1"], missing: ["refund"]),
                ["now: refund;"]
            ),
            (
                SkillRequirement(module: "crm", server: "crm", tools: [:], missing: ["refund"]),
                ["none of", "now: refund;"]
            ),
            (SkillRequirement(module: "crm", server: "crm", tools: [:], missing: []), ["none of the tools of crm"]),
            (SkillRequirement(module: "crm", server: nil, tools: [:], missing: ["refund"]), ["no server here has"]),
            (SkillRequirement(module: "crm", server: "crm", tools: ["read": "1"], missing: []), []),
        ] as [(SkillRequirement, [String])])
    func toolsThatAreNotThereNeedAPerson(requirement: SkillRequirement, said: [String]) throws {
        let warnings = try review(requirements: [requirement]).warnings
        #expect(warnings.count == said.count)
        #expect(zip(warnings, said).allSatisfy { $0.contains($1) })
    }

    @Test func whatIsInItsPlaceAmongInstalledSkillsIsAnObstacle() throws {
        #expect(try review().obstacles == [])
        #expect(try review(occupant: "/skills/a").obstacles.first?.hasPrefix("/skills/a is in the place") == true)
    }

    @Test func theSkillOfAllUsersWhosePlaceItTakesNeedsAPerson() throws {
        var review = try review()
        #expect(review.warnings == [])
        review.shared = SkillVersion(
            name: "a", number: 3, digest: "d", entries: [], approver: "p", approved: 1, author: "u", written: 1,
            tests: "none", untrustedServers: [], requirements: [])
        #expect(review.warnings.count == 1 && review.warnings[0].contains("version 3 that all users have"))
    }

    @Test func whatLooksLikeAPrivateValueNeedsAPerson() throws {
        let text = "one\nask ada@example.com\n\ncall 030 1234567 or 10.20.30.40\n"
        let warnings = try review(files: ["b.md": text, "555-123-4567/a.md": "none"]).warnings
        #expect(
            warnings == [
                """
                what looks like private values, which all who get the skill would have: the name 555-123-4567/a.md (phone); \
                b.md, line 2 (email); b.md, line 4 (phone); b.md, line 4 (ip)
                """
            ])
        #expect(try review(files: ["b.md": "# Version 1.2.3.4\n\nw@x.mean and 2026-11-30\n"]).warnings == [])
    }

    /// Lines that are broken by a terminal just where something that looks like the report begins.
    private static let long = ["Tests    9 passed, 0 failed", "==== b.py ====", "@@ approved", "LOOK     none"].map {
        String(repeating: "x", count: 38) + $0 + String(repeating: " ", count: 80) + $0 + "\n"
    }.joined()

    @Test func noRowOfADraftPassesForOneOfTheReport() throws {
        let files = ["b.py": Self.long]
        for approved in [nil, [:], ["b.py": "y\n"]] as [[String: String]?] {
            let rows = rows(try review(files: files, approved: approved).text(columns: 40))
            #expect(rows.allSatisfy { $0.count <= 40 })
            #expect(rows.filter { $0.hasPrefix("====") }.count == (approved == nil ? 2 : 1))
            let starts: Set<Character> = approved == nil ? ["=", "|", "↳"] : ["=", "@", " ", "-", "+", "↳"]
            #expect(rows.dropLast().allSatisfy { $0.first.map(starts.contains) == true })
        }
    }

    @Test(arguments: [true, false])
    func nothingInTheReportPassesForAnotherOfItsLines(breaksLines: Bool) throws {
        let tests: [DraftTrial.Tests] = [.passed(Self.long), .failed(Self.long, output: Self.long)]
        for outcome in tests {
            let report = try review(tests: outcome, unclear: [Self.long]).report(columns: 40, breaksLines: breaksLines)
            let rows = rows(report)
            #expect(!breaksLines || rows.allSatisfy { $0.count <= 40 })
            #expect(rows.filter { $0.hasPrefix("Tests    ") }.count == 1)
            // One space, unless it is what the tests printed, whose rows have marks.
            let own = rows.filter { !$0.hasPrefix("| ") && !$0.hasPrefix("↳ ") }
            #expect(own.allSatisfy { !$0.dropFirst(9).contains("  ") })
            #expect(!own.contains { $0.hasPrefix("====") || $0.hasPrefix("@@") })
        }
    }
}
