import JSON
import MCP
import Testing

@testable import ExecMCP

@Suite struct SandboxReplyTests {
    private func reply(
        _ bytes: [UInt8], start: Int = 0, size: Int, offset: Int, length: Int, path: String = "/workspace/a"
    ) -> SandboxReply {
        SandboxReply(
            ["path": .string(path)],
            SandboxReply.Content(bytes: bytes, start: start, size: size, offset: offset, length: length))
    }

    @Test(
        arguments: [
            (0, 2, [1, 2]), (1, 9, [2, 3]), (3, 1, []), (1 << 53, 1, []), (0, 0, []),
        ] as [(Int, Int, [UInt8])])
    func thePartOfAWholeFileIsCutOut(offset: Int, length: Int, part: [UInt8]) {
        let json = reply([1, 2, 3], size: 3, offset: offset, length: length).json
        #expect(json["data"]?.stringValue.flatMap(Base64.decode) == part)
        #expect(json["size"] == 3)
        #expect(json["offset"] == .integer(offset))
    }

    @Test func aPartAloneIsReturnedAsItIs() {
        let json = reply([2, 3], start: 1, size: 9, offset: 1, length: 2).json
        #expect(json["data"]?.stringValue.flatMap(Base64.decode) == [2, 3])
        #expect(json["size"] == 9)
    }

    @Test func theTypeComesOfTheBeginningAndTheName() {
        let png: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
        #expect(reply(png, size: 8, offset: 0, length: 8).json["mimeType"] == "image/png")
        #expect(
            reply([1], start: 1, size: 8, offset: 1, length: 1, path: "/workspace/a.csv").json["mimeType"] == "text/csv"
        )
    }
}
