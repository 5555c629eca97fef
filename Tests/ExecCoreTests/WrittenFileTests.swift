import JSON
import Testing

@testable import ExecCore

@Suite struct WrittenFileTests {
    private func file(_ path: String) throws -> WrittenFile {
        try WrittenFile(Channel.Reply(result: ["path": .string(path), "bytes": 3]))
    }

    @Test(arguments: ["/workspace/a.txt", "/" + String(repeating: "\u{FFFD}", count: 4095)])
    func hasThePathThatTheGuestNames(path: String) throws {
        #expect(try file(path).path == path)
        #expect(try file(path).size == 3)
    }

    @Test func hasNoneThatNoSystemWouldTake() {
        #expect(throws: ExecError.self) { try file("/" + String(repeating: "a", count: 3 * 4096)) }
    }
}
