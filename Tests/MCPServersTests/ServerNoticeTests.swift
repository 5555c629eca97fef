import MCPClient
import Testing

@testable import MCPServers

@Suite struct ServerNoticeTests {
    @Test(
        arguments: [
            (.remark(server: "a", "its results aren't objects"), "a: its results aren't objects"),
            (.ended(server: "a", how: "signal 9"), "a: the MCP server has ended: signal 9"),
            (
                .unknownTools(server: "a", names: ["b\nc", "d"]),
                "a: the configuration names tools that it does not have: b c, d"
            ),
            (.waiting(servers: ["a", "b"]), "no tool server has answered yet; waiting for a, b"),
            (.failed(server: "a", .toStart("why")), "The tool server a cannot be started: why"),
            (
                .failed(server: "a", .late(seconds: 2, said: "x")),
                "The tool server a has not answered in 2 seconds; it last said: x: its tools are missing until it does"
            ),
        ] as [(ServerNotice, String)])
    func saysInWordsWhatHappened(notice: ServerNotice, words: String) {
        #expect(notice.description == words)
    }

    @Test func showsOnlySomeOfManyNames() {
        let names = (0..<100).map { String(repeating: "x", count: 200) + "\($0)" }
        #expect(ServerNotice.unknownTools(server: "a", names: names).description.count < 3000)
    }
}
