import JSON
import MCP
import Testing

@Suite struct CommandReportTests {
    @Test func itIsReadAsItIsWritten() {
        let report = CommandReport(
            standardOutput: CommandReport.Stream(bytes: 100_000, path: "/output/0001-stdout.txt", savedBytes: 100_000),
            standardError: CommandReport.Stream(bytes: 5, path: nil, savedBytes: 0),
            artifacts: [CommandReport.Artifact(name: "a.png", size: 3, isNew: true, version: "1-2-3")],
            calls: [CommandReport.Call(server: "git", tool: "log", seconds: 0.25, isOK: false)])
        #expect(CommandReport(report.json) == report)
        #expect(!report.isEmpty)
        #expect(CommandReport().isEmpty)
    }

    @Test func onlyAnObjectIsOne() {
        #expect(CommandReport(nil) == nil)
        #expect(CommandReport("report") == nil)
        #expect(CommandReport([:]) == CommandReport())
    }

    @Test func textsAndNumbersAreBounded() {
        let long = JSON.string(String(repeating: "x", count: 2000))
        let entry: JSON = ["name": "a", "size": -5, "version": long]
        let report = CommandReport([
            "stdout": ["bytes": -1, "path": long], "artifacts": .array(Array(repeating: entry, count: 500)),
            "calls": [["server": long, "tool": "a"]],
        ])
        #expect(report?.standardOutput == CommandReport.Stream(bytes: 0, path: nil, savedBytes: 0))
        #expect(report?.artifacts.count == 100)
        #expect(report?.artifacts.first == CommandReport.Artifact(name: "a", size: 0, isNew: false, version: ""))
        #expect(report?.calls.isEmpty == true)
    }
}
