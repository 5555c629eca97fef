import JSON
import MCP
import Testing

@testable import ExecCore
@testable import ExecMCP

@Suite struct ArtifactLinkTests {
    @Test(arguments: [
        ("chart.png", "artifact:///chart.png"), ("a-b_c~1.CSV", "artifact:///a-b_c~1.CSV"),
        ("two words.txt", "artifact:///two%20words.txt"), ("100%.txt", "artifact:///100%25.txt"),
        ("grün 日.csv", "artifact:///gr%C3%BCn%20%E6%97%A5.csv"), ("a?b#c&d", "artifact:///a%3Fb%23c%26d"),
        ("\n\u{1B}", "artifact:///%0A%1B"),
    ])
    func namesAnArtifact(name: String, uri: String) {
        #expect(ResourceURI.artifact(name: name).text == uri)
    }

    @Test func linksToEachArtifactOfACommand() throws {
        let artifacts = try [
            #require(Artifact(["name": "a b.png", "size": 12])), #require(Artifact(["name": "data", "size": 0])),
        ]
        let result = ExecuteBashTool.toolResult(.of(exitCode: 0, artifacts: artifacts))
        #expect(result.structuredContent == ["exit_code": 0, "stdout": "", "stderr": ""])
        #expect(
            Array(result.content.dropFirst()) == [
                .resourceLink(uri: "artifact:///a%20b.png", name: "a b.png", mediaType: "image/png", size: 12),
                .resourceLink(uri: "artifact:///data", name: "data", mediaType: "application/octet-stream", size: 0),
            ])
    }

    @Test func tellsOfArtifactsAsItIsAskedTo() throws {
        let artifacts = try [
            #require(Artifact(["name": "a b.png", "size": 12])), #require(Artifact(["name": "data", "size": 0])),
        ]
        func content(_ links: ArtifactLinks) -> [ContentBlock] {
            let result = ExecuteBashTool.toolResult(.of(exitCode: 3, output: "x", artifacts: artifacts), links: links)
            #expect(result.content.first == .text(#"{"exit_code":3,"stdout":"x","stderr":""}"#))
            #expect(result.structuredContent == ["exit_code": 3, "stdout": "x", "stderr": ""])
            return Array(result.content.dropFirst())
        }
        let text: [ContentBlock] = [
            .text("artifact:///a%20b.png (image/png, 12 bytes)"),
            .text("artifact:///data (application/octet-stream, 0 bytes)"),
        ]
        #expect(content(.text) == text)
        #expect(content(.omitted) == [])
        // What a client without links has had all along.
        #expect(content(.link).map { $0.json(for: .march2025) } == text.map { $0.json(for: .march2025) })
    }

    @Test(
        arguments: [
            [:], ["name": "a"], ["size": 1], ["name": 1, "size": 1], ["name": "", "size": 1],
            ["name": ".a", "size": 1],
            ["name": "a/b", "size": 1], ["name": "..", "size": 1], ["name": "a", "size": -1],
            ["name": "a", "size": "1"],
            "a", nil,
        ] as [JSON])
    func believesNoArtifactThatCannotBe(value: JSON) {
        #expect(Artifact(value) == nil)
    }

    @Test(arguments: [
        ("a.png", "image/png"), ("a.PNG", "image/png"), ("a.tar.csv", "text/csv"), ("a.svg", "image/svg+xml"),
        ("a", "application/octet-stream"), ("a.", "application/octet-stream"), ("png", "application/octet-stream"),
        ("a.unknown", "application/octet-stream"),
    ])
    func knowsTheTypeByTheName(name: String, type: String) {
        #expect(MediaType.ofFile(named: name) == type)
    }
}
