import BridgeModulesTestSupport
import JSON
import MCP
import Testing

@testable import BridgeModules

@Suite struct ToolSearchTests {
    private static let git = ServerModule(
        "git",
        [
            Tool(named: "git_log", description: "Shows the commit logs"),
            Tool(named: "git_commit", description: "Records changes"),
            Tool(named: "git_diff-staged", description: "Shows changes that are staged"),
            Tool(named: "git_branch", ["contains": ["type": "string"], "branch_type": ["type": "string"]]),
        ])
    private static let notes = ServerModule(
        "my-notes",
        [
            Tool(named: "listNotes", description: "Lists notes by category. 日本語の検索"),
            Tool(named: "log", description: "Appends to the log"),
        ])
    private static let search = ToolSearch([notes, git])

    private static func names(_ query: String, server: String? = nil, limit: Int = 10) -> [String] {
        search.search(query, server: server, limit: limit).matches.map { "\($0.module).\($0.function.python)" }
    }

    @Test(
        arguments: [
            // The rarer word decides, and a short text counts more than a long one.
            ("list commits", ["my_notes.listNotes", "git.git_commit", "git.git_log"]),
            ("staged changes", ["git.git_diff_staged", "git.git_commit"]),
            ("categories", ["my_notes.listNotes"]), ("CATEGORY", ["my_notes.listNotes"]),
            ("notes", ["my_notes.listNotes"]),
            ("contains", ["git.git_branch"]), ("branch type", ["git.git_branch"]), ("索", ["my_notes.listNotes"]),
            // An exact name wins, in every spelling.
            ("git_log", ["git.git_log"]), ("git.git_log", ["git.git_log"]), ("git__git_log", ["git.git_log"]),
            ("servers.git.git_log", ["git.git_log"]), ("git_log()", ["git.git_log"]), (" GIT_LOG ", ["git.git_log"]),
            ("git_diff-staged", ["git.git_diff_staged"]), ("git_diff_staged", ["git.git_diff_staged"]),
            ("my-notes__log", ["my_notes.log"]), ("log", ["my_notes.log"]), ("listNotes", ["my_notes.listNotes"]),
            ("", []), ("?!", []), ("nothing like this", []),
        ] as [(String, [String])])
    func theBestMatchesComeFirst(query: String, names: [String]) {
        #expect(Array(Self.names(query).prefix(max(1, names.count))) == names)
    }

    @Test func aResultSaysHowManyMatchedOfHowMany() {
        let result = Self.search.search("shows log", limit: 1)
        #expect(result.matches.count == 1)
        #expect(result.matched == 3)
        #expect(result.total == 6)
        #expect(Self.search.search("log", server: "git").total == 4)
        #expect(Self.search.search("log", limit: 0).matches.isEmpty)
        #expect(Self.search.search("log", limit: -1).matches.isEmpty)
    }

    @Test func aServerIsKnownByItsNameAndItsModule() {
        #expect(Self.names("log", server: "git") == ["git.git_log"])
        #expect(Self.names("log", server: "my-notes") == ["my_notes.log"])
        #expect(Self.names("log", server: "my_notes") == ["my_notes.log"])
        #expect(Self.names("log", server: "other") == [])
    }

    @Test(
        arguments: [
            ("git_lgo", ["git.git_log"]), ("gitlog", ["git.git_log"]), ("git.git_lo", ["git.git_log"]),
            ("git__git_comit", ["git.git_commit"]), ("listNote", ["my_notes.listNotes"]),
            ("branch", ["git.git_branch"]),
            ("categroy", ["my_notes.listNotes"]), ("zzzzzzzz", []), ("", []),
        ] as [(String, [String])])
    func aNearNameIsSuggested(name: String, suggestions: [String]) {
        #expect(Self.search.suggestions(for: name) == suggestions)
    }

    @Test func suggestionsComeWhereTheQueryIsNoTool() {
        #expect(Self.search.search("git_lgo").suggestions == ["git.git_log"])
        #expect(Self.search.search("comit").suggestions.first == "git.git_commit")
        #expect(Self.search.search("comit", server: "my-notes").suggestions.isEmpty)
        #expect(Self.search.search("git_log").suggestions.isEmpty)
        #expect(Self.search.search("log").suggestions.isEmpty)
    }

    @Test(
        arguments: [
            ("", "", 0), ("a", "a", 0), ("ab", "ba", 1), ("abc", "ac", 1), ("ac", "abc", 1), ("abc", "axc", 1),
            ("kitten", "sitting", 3), ("abcdef", "", nil), ("abcd", "wxyz", nil), ("ca", "abc", 3),
        ] as [(String, String, Int?)])
    func theDistanceCountsEdits(left: String, right: String, distance: Int?) {
        #expect(EditDistance.between(Array(left.utf8), Array(right.utf8), limit: 3) == distance)
    }

    @Test func aRealServersToolsAreFound() throws {
        let search = ToolSearch([ServerModule("ecommerce", try PythonChecker.realTools()), Self.git])
        for (query, name) in [
            ("refund an order", "refund"), ("track a shipment", "shipment_tracking_get"),
            ("file a ticket", "ticket_create"),
            ("list a customer's orders", "order_list_by_customer"), ("release payouts", "payout_release"),
        ] {
            let found = search.search(query, limit: 5).matches.map(\.function.name)
            #expect(found.contains { $0.hasPrefix(name) }, "\(query): \(found)")
        }
    }

    @Test func hugeTextsAreSearchedInBoundedTime() {
        let text = String(repeating: "many words of no use ", count: 100_000)
        let search = ToolSearch([
            ServerModule("s", (0..<200).map { Tool(named: "t\($0)", description: text + "\($0)") })
        ])
        #expect(search.search(text).matched == 200)
        #expect(search.suggestions(for: text).count <= 3)
        #expect(ToolSearch([]).search("x").total == 0)
    }
}
