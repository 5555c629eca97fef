import ChildProcess
import EmbeddedFiles
import JSON
import TestSupport
import Testing

@testable import ExecCore

/// The guest's own reader and writer of frames against this side's.
@Suite(.timeLimit(.minutes(3))) struct GuestFramesTests {
    /// Reads frames as the guest does, a few bytes at a time, and writes each again, data split into pieces anew.
    private static let script = """
        import os, sys
        source = b""
        while len(source) < int(sys.argv[1]):
            source += os.read(0, int(sys.argv[1]) - len(source))
        frames = type(sys)("frames")
        exec(source, frames.__dict__)
        decoder, step = frames.Decoder(), int(sys.argv[2])
        while data := os.read(0, step):
            for kind, call, payload in decoder.feed(data):
                if kind == frames.DATA:
                    again = frames.data_frames(call, payload[0], payload[1:]) or frames.frame(kind, call, payload)
                elif kind in (frames.CALL, frames.RESULT, frames.HELLO, frames.FAILURE):
                    again = frames.json_frame(kind, call, frames.json.loads(payload))
                else:
                    again = frames.frame(kind, call, payload)
                frames.write_all(1, again)
        """

    @Test(arguments: [1, 7, 65_536])
    func bothSidesReadWhatTheOtherWrites(step: Int) async throws {
        var frames = [
            Frame(.hello, call: 0, ["protocol": 1, "é": "\u{1F642}"]),
            Frame(.call, call: 1, ["method": "execute", "params": ["command": "true", "timeout": 1.5]]),
            Frame(.data, call: 1, payload: [0]), Frame(.data, call: 1, payload: [1, 0, 0xFF, 0x0A]),
            Frame(.end, call: 1), Frame(.result, call: 0x7FFF_FFFF, ["exit_code": -1]),
            Frame(.failure, call: Frame.guestCallBit, ["code": "busy", "message": "\u{0}\"\\"]),
            Frame(.cancel, call: .max), Frame(.log, call: 0, payload: [0x61, 0xFF]),
        ]
        if step > 1000 {
            frames.append(Frame(.data, call: 3, payload: [1] + Array(repeating: 9, count: Frame.maxPayload - 1)))
        }
        let answer = try await guestAnswer(to: frames.flatMap(\.bytes), step: step)
        var read: [Frame] = []
        var decoder = FrameDecoder()
        try answer.withUnsafeBytes { try decoder.feed($0) { read.append($0) } }
        try #require(read.map(\.kind) == frames.map(\.kind))
        for (read, sent) in zip(read, frames) {
            #expect(read.call == sent.call)
            if [.call, .result, .hello, .failure].contains(sent.kind) {
                #expect(try JSON.parse(read.payload) == JSON.parse(sent.payload))
            } else {
                #expect(read.payload == sent.payload)
            }
        }
    }

    @Test func theGuestKnowsTheSameBounds() async throws {
        let source = EmbeddedFiles.guestModules["frames"]
        #expect(source.contains("MAX_PAYLOAD = 1 << 20\n"))
        #expect(Frame.maxPayload == 1 << 20)
    }

    private func guestAnswer(to bytes: [UInt8], step: Int) async throws -> [UInt8] {
        let source = Array(EmbeddedFiles.guestModules["frames"].utf8)
        let child = try ChildProcess(
            starting: Command(
                executable: "/usr/bin/python3",
                arguments: ["-I", "-S", "-c", Self.script, "\(source.count)", "\(step)"]))
        async let ending = child.story()
        try await child.input.write(source + bytes)
        child.input.close()
        let story = try await ending
        #expect(story.end.status == .exited(0), "\(story.errorText)")
        return story.output
    }
}
