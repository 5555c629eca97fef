@testable import ExecCore

extension Property {
    /// Fed in any pieces, a decoder gives the same frames and the same violation. The frames are what stands there, and
    /// it stops at nothing but a bad header or a frame whose rest is yet to come.
    static let frames = Property(name: "frames") { bytes throws(BrokenPropertyError) in
        let whole = decode([bytes[...]])
        for pieces in cuts(of: bytes) {
            try hold(decode(pieces) == whole, "other frames in \(pieces.count) pieces")
        }
        let written = whole.frames.flatMap(\.bytes)
        try hold(bytes.starts(with: written), "frames that do not stand there")
        let rest = bytes.dropFirst(written.count)
        guard rest.count >= Frame.headerSize else { return try hold(whole.violation == nil, "no header is bad yet") }
        let length = rest.prefix(4).reduce(0) { $0 << 8 | Int($1) }
        let isBad = length > Frame.maxPayload || Frame.Kind(rawValue: rest[rest.startIndex + 4]) == nil
        try hold(isBad == (whole.violation != nil), "a header is not taken for what it is")
        try hold(isBad || rest.count < Frame.headerSize + length, "a whole frame is kept back")
    }

    private struct Decoded: Equatable {
        var frames: [Frame] = []
        var violation: ChannelError?
    }

    private static func decode(_ pieces: [ArraySlice<UInt8>]) -> Decoded {
        var decoder = FrameDecoder()
        var decoded = Decoded()
        do {
            for piece in pieces {
                try piece.withUnsafeBytes { try decoder.feed($0) { decoded.frames.append($0) } }
            }
        } catch {
            decoded.violation = error as? ChannelError
        }
        return decoded
    }
}
