import JSON
import Testing

@testable import ExecCore

@Suite struct FrameTests {
    /// What a decoder makes of `pieces`, fed one after the other.
    private func frames(_ pieces: [[UInt8]]) throws -> [Frame] {
        var decoder = FrameDecoder()
        var frames: [Frame] = []
        for piece in pieces {
            try piece.withUnsafeBytes { try decoder.feed($0) { frames.append($0) } }
        }
        return frames
    }

    private static let samples = [
        Frame(.hello, call: 0, ["protocol": 1]), Frame(.call, call: 1, ["method": "m", "params": [:]]),
        Frame(.data, call: 7, payload: [1, 0x00, 0xFF, 0x0A]), Frame(.end, call: 7),
        Frame(.result, call: 0x7FFF_FFFF, .null), Frame(.failure, call: 2, ["code": "x"]),
        Frame(.cancel, call: Frame.guestCallBit), Frame(.log, call: .max, payload: Array("é".utf8)),
    ]

    @Test func writesTheHeaderInNetworkOrder() {
        let bytes = Frame(.data, call: 0x0102_0304, payload: [1, 0xAA, 0xBB]).bytes
        #expect(bytes == [0, 0, 0, 3, 3, 1, 2, 3, 4, 1, 0xAA, 0xBB])
        #expect(Frame(.end, call: 0).bytes == [0, 0, 0, 0, 4, 0, 0, 0, 0])
    }

    @Test func readsWhatWasWritten() throws {
        #expect(try frames([Self.samples.flatMap(\.bytes)]) == Self.samples)
    }

    @Test func putsFramesTogetherFromSingleBytes() throws {
        #expect(try frames(Self.samples.flatMap(\.bytes).map { [$0] }) == Self.samples)
    }

    @Test func readsTheSameWhereverItIsCut() throws {
        let bytes = Self.samples.flatMap(\.bytes)
        for cut in 0...bytes.count {
            #expect(try frames([Array(bytes[..<cut]), Array(bytes[cut...])]) == Self.samples, "cut at \(cut)")
        }
    }

    @Test func waitsForTheRestOfAFrame() throws {
        let bytes = Frame(.log, call: 0, payload: [1, 2, 3]).bytes
        for count in 0..<bytes.count { #expect(try frames([Array(bytes[..<count])]).isEmpty) }
    }

    @Test func readsTheLargestFrame() throws {
        let frame = Frame(.data, call: 1, payload: Array(repeating: 7, count: Frame.maxPayload))
        #expect(try frames([frame.bytes, Frame(.end, call: 1).bytes]) == [frame, Frame(.end, call: 1)])
    }

    @Test(arguments: [UInt32(Frame.maxPayload) + 1, 0x7FFF_FFFF, .max])
    func refusesALongerFrameByItsHeader(length: UInt32) {
        let header = withUnsafeBytes(of: length.bigEndian) { Array($0) } + [3, 0, 0, 0, 1]
        let error = #expect(throws: ChannelError.self) { try frames([header]) }
        #expect(error?.reason == "announced a frame of \(length) bytes")
    }

    @Test(arguments: [0, 18, 42, 255] as [UInt8])
    func refusesAFrameOfAnUnknownKind(kind: UInt8) {
        let error = #expect(throws: ChannelError.self) { try frames([[0, 0, 0, 0, kind, 0, 0, 0, 1]]) }
        #expect(error?.reason == "sent a frame of unknown kind \(kind)")
    }

    @Test func givesTheFramesBeforeABadOne() {
        var decoder = FrameDecoder()
        var frames: [Frame] = []
        let bytes = Frame(.end, call: 1).bytes + [0, 0, 0, 0, 99, 0, 0, 0, 1]
        #expect(throws: ChannelError.self) {
            try bytes.withUnsafeBytes { try decoder.feed($0) { frames.append($0) } }
        }
        #expect(frames == [Frame(.end, call: 1)])
    }
}
