import JSON
import Testing

@testable import ExecMCP

@Suite struct DoctorReportTests {
    private func table(_ findings: [Finding], isUnicode: Bool = true, width: Int = 60) -> [String] {
        ReportTable(isUnicode: isUnicode, width: width).text(of: Report(findings: findings))
            .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }

    @Test func marksEachRowForPeople() {
        let findings: [Finding] = [
            .passed(.engine, "a"), .warning(.skills, "b", "c"), .failed(.image, "d", "e"),
            .notChecked(.limits, because: "f"),
        ]
        #expect(
            table(findings) == [
                "✓  engine        a", "!  skills        b", "                 → c", "✗  image         d",
                "                 → e", "–  limits        not checked: f", "", "One check failed.", "",
            ])
        #expect(table(findings, isUnicode: false).joined().utf8.allSatisfy { $0 < 128 })
        #expect(table(findings, isUnicode: false)[3] == "FAIL  image         d")
    }

    @Test func wrapsLongTextUnderItself() {
        let lines = table([.passed(.end, "one two three four five")], width: 30)
        #expect(lines.prefix(3) == ["✓  end           one two three", "                 four five", ""])
        let longWord = String(repeating: "x", count: 80)
        #expect(table([.passed(.end, longWord)], width: 30)[0].hasSuffix(longWord))
    }

    @Test func sumsUp() {
        func last(_ findings: Finding...) -> String { table(findings).dropLast().last ?? "" }
        #expect(last(.passed(.end, "")) == "All checks passed.")
        #expect(last(.warning(.end, "", "")) == "It works; see the warnings.")
        #expect(last(.failed(.end, "", ""), .failed(.engine, "", "")) == "2 checks failed.")
    }

    @Test func lettingNobodyElseDriveTheTerminal() {
        let finding = Finding.failed(.engine, "a\u{1B}[2Jb\nc", "d\u{9B}\u{202E}e")
        #expect(finding.found == "a\u{FFFD}[2Jb c")
        #expect(finding.remedy == "d\u{FFFD}\u{FFFD}e")
        #expect(Finding.passed(.engine, String(repeating: "x", count: 10_000)).found.count < 1000)
    }

    @Test func isAnObjectForPrograms() {
        let report = Report(findings: [.passed(.engine, "a"), .failed(.image, "b", "c")])
        #expect(report.json["ok"] == false)
        #expect(
            report.json["checks"] == [
                ["name": "engine", "status": "passed", "found": "a"],
                ["name": "image", "status": "failed", "found": "b", "remedy": "c"],
            ])
        #expect(Report(findings: [.warning(.skills, "", "")]).json["ok"] == true)
    }

    @Test func everyCheckHasARow() {
        let findings = Doctor.completed([.failed(.engine, "a", "b"), .passed(.commandLine, "c")])
        let always = Check.allCases.filter { ![.servers, .rights].contains($0) }
        #expect(findings.map(\.check) == always)
        #expect(findings.first?.status == .passed)
        #expect(findings.last?.status == .notChecked)
        #expect(findings.last?.found == "not checked: engine failed")
    }

    @Test(arguments: [
        (0, "0 bytes"), (999, "999 bytes"), (1000, "1.0 kB"), (620_275_750, "620 MB"), (1_500_000_000, "1.5 GB"),
    ])
    func writesSizesForPeople(count: Int, text: String) {
        #expect(Quantity.bytes(count) == text)
    }

    @Test(arguments: [(0.0021, "2.1 ms"), (0.35, "0.35 s"), (12.4, "12 s"), (0.0999, "100 ms")])
    func writesDurationsForPeople(seconds: Double, text: String) {
        #expect(Quantity.duration(seconds) == text)
    }

    @Test(arguments: [(-5, "new"), (59, "new"), (60, "1 minute old"), (7200, "2 hours old"), (90_000, "1 day old")])
    func writesAgesForPeople(seconds: Int, text: String) {
        #expect(Quantity.age(seconds) == text)
    }
}
