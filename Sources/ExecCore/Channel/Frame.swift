package import JSON

/// One message between the server and the guest. `guest/frames.py` is the other side.
///
/// Wire format: payload length (4 bytes, big-endian), kind (1 byte), call id (4 bytes, big-endian), payload.
package struct Frame: Sendable, Equatable {
    package enum Kind: UInt8, Sendable, CaseIterable {
        /// Guest to server: the handshake, which says what the guest is and what it found; sent once at startup and
        /// once whenever requested. Server to guest: a new server has attached and requests the handshake.
        case hello = 1
        /// Starts a call.
        case call = 2
        /// A chunk of the call's bytes: one byte for the stream number, then the bytes.
        case data = 3
        /// The caller has sent its last chunk.
        case end = 4
        /// Ends the call with its result.
        case result = 5
        /// Ends the call with a code and a message.
        case failure = 6
        /// The caller cancels the call.
        case cancel = 7
        /// Guest to server: a log line.
        case log = 8
        /// Guest to server: the newest output line of a running call.
        case progress = 9
        /// Guest to server: which artifacts were added, modified or removed.
        case artifacts = 10
        /// Flow control: the sender accepts this many more bytes of the call (4 bytes, big-endian). Only
        /// guest-initiated calls have windows.
        case window = 11
        /// Guest to server: whether background processes that commands started are alive (1 byte).
        case jobs = 12
        /// Server to guest: the server detaches, and every call ends. Guest to server: nothing more follows until a
        /// server sends a handshake.
        case leave = 13
        /// Server to guest: the timeout of a running command goes on (1 byte: 0), stands still up to the maximum
        /// timeout (1), or stands still while a person is asked, which doesn't count towards the maximum (2).
        case clock = 14
        /// Server to guest: a sign of life, which asks for one.
        case ping = 15
        /// Guest to server: a sign of life, also without a ping.
        case pong = 16
        /// Guest to server: it ends because its input has. Any end without this frame was not intended.
        case goodbye = 17
    }

    static let headerSize = 9
    static let maxPayload = 1 << 20
    /// Maximum payload of a progress frame, in bytes.
    static let maxProgress = 2048
    /// Set in the ids of guest-initiated calls, so that ids chosen by the two sides never collide.
    static let guestCallBit: UInt32 = 1 << 31

    package let kind: Kind
    package let call: UInt32
    package let payload: [UInt8]

    package init(_ kind: Kind, call: UInt32, payload: [UInt8] = []) {
        self.kind = kind
        self.call = call
        self.payload = payload
    }

    package init(_ kind: Kind, call: UInt32, _ value: JSON) {
        self.init(kind, call: call, payload: value.serialized())
    }

    /// Whether the frame belongs to a guest-initiated call.
    var isOfGuestCall: Bool { call & Self.guestCallBit != 0 }

    /// The frame in wire format.
    package var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.headerSize + payload.count)
        withUnsafeBytes(of: UInt32(payload.count).bigEndian) { bytes.append(contentsOf: $0) }
        bytes.append(kind.rawValue)
        withUnsafeBytes(of: call.bigEndian) { bytes.append(contentsOf: $0) }
        bytes.append(contentsOf: payload)
        return bytes
    }
}

/// A protocol violation: the guest sent something that our guest never sends.
package struct ChannelError: Error, Equatable {
    package let reason: String
    /// Whether the guest need not have sent it: the seal of the channel is broken.
    package let isBrokenSeal: Bool

    package init(reason: String) {
        self.init(reason: reason, isBrokenSeal: false)
    }

    private init(reason: String, isBrokenSeal: Bool) {
        self.reason = reason
        self.isBrokenSeal = isBrokenSeal
    }

    /// What came isn't what the guest sent next.
    static let brokenSeal = ChannelError(reason: "has a channel whose seal is broken", isBrokenSeal: true)
}

/// Incremental frame decoder. Its buffer is bounded by the largest frame.
package struct FrameDecoder: Sendable {
    private var buffer: [UInt8] = []
    private var opener: RecordOpener?

    /// Creates a decoder with an empty buffer.
    ///
    /// - Parameter opener: opens the records of a sealed channel.
    package init(opener: RecordOpener? = nil) {
        self.opener = opener
    }

    /// The bytes since the last complete frame, or record. After a violation, also the complete ones before it in the
    /// same chunk.
    var unread: [UInt8] { opener?.unread ?? buffer }

    /// Calls `body` with each frame that `bytes` completes.
    ///
    /// - Throws: ``ChannelError`` for a frame that is too long or of an unknown kind, or a broken seal, and any error
    ///   that `body` throws.
    package mutating func feed(
        _ bytes: UnsafeRawBufferPointer, _ body: (Frame) throws(ChannelError) -> Void
    ) throws(ChannelError) {
        guard var opener else { return try read(bytes, body) }
        // Held once only, so that its buffer isn't copied.
        self.opener = nil
        defer { self.opener = opener }
        try opener.feed(bytes) { (piece) throws(ChannelError) in try read(piece, body) }
    }

    private mutating func read(
        _ bytes: UnsafeRawBufferPointer, _ body: (Frame) throws(ChannelError) -> Void
    ) throws(ChannelError) {
        buffer.append(contentsOf: bytes)
        var start = 0
        while buffer.count - start >= Frame.headerSize {
            let length = Self.number(buffer[start..<start + 4])
            guard length <= Frame.maxPayload else {
                throw ChannelError(reason: "announced a frame of \(length) bytes")
            }
            guard let kind = Frame.Kind(rawValue: buffer[start + 4]) else {
                throw ChannelError(reason: "sent a frame of unknown kind \(buffer[start + 4])")
            }
            let end = start + Frame.headerSize + Int(length)
            guard buffer.count >= end else { break }
            let call = Self.number(buffer[start + 5..<start + 9])
            try body(Frame(kind, call: call, payload: Array(buffer[(start + Frame.headerSize)..<end])))
            start = end
        }
        buffer.removeFirst(start)
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        bytes.reduce(0) { $0 << 8 | UInt32($1) }
    }
}
