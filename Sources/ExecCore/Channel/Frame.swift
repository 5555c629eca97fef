package import JSON

/// One message between the server and the guest. `guest/frames.py` is the other side of this.
///
/// On the wire: the payload's length (4 bytes, big-endian), the kind (1), the call's id (4, big-endian), the payload.
package struct Frame: Sendable, Equatable {
    package enum Kind: UInt8, Sendable, CaseIterable {
        /// Guest to server: what the guest is and found, once at the start and once when it is asked. Server to guest: a new
        /// server is there and asks.
        case hello = 1
        /// Starts a call.
        case call = 2
        /// A piece of the call's bytes: one byte that names the stream, then the bytes.
        case data = 3
        /// The caller's last piece has been sent.
        case end = 4
        /// Ends the call with its result.
        case result = 5
        /// Ends the call with a code and a message.
        case failure = 6
        /// The caller wants the call ended.
        case cancel = 7
        /// Guest to server: a line for the log.
        case log = 8
        /// Guest to server: the newest line of a call's output, while it runs.
        case progress = 9
        /// Guest to server: which artifacts came, changed and went.
        case artifacts = 10
        /// The sender will take so many bytes more of the call (4 bytes, big-endian). Only calls of the guest have windows.
        case window = 11
        /// Guest to server: whether processes live that commands left in the background (1 byte).
        case jobs = 12
        /// Server to guest: it goes, and every call ends. Guest to server: nothing more comes until a server says hello.
        case leave = 13
    }

    static let headerSize = 9
    static let maximumPayload = 1 << 20
    /// What a frame of progress may hold, in bytes.
    static let maximumProgress = 2048
    /// Ids of calls that the guest starts have this bit, so that the two sides never choose the same one.
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

    /// Whether it belongs to a call that the guest started.
    var isOfGuestCall: Bool { call & Self.guestCallBit != 0 }

    /// The frame as it is written.
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

/// The guest sent what no guest of ours sends.
package struct ChannelError: Error, Equatable {
    package let reason: String
}

/// Takes bytes as they come and gives back whole frames. What it holds is bounded by the largest frame.
package struct FrameDecoder: Sendable {
    private var buffer: [UInt8] = []

    /// Nothing has come yet.
    package init() {}

    /// What has come since the last whole frame; after a violation, since the last piece before it.
    var unread: [UInt8] { buffer }

    /// Calls `body` with each frame that `bytes` completes.
    ///
    /// - Throws: ``ChannelError`` for a frame that is too long or of an unknown kind, and what `body` throws.
    package mutating func feed(
        _ bytes: UnsafeRawBufferPointer, _ body: (Frame) throws(ChannelError) -> Void
    ) throws(ChannelError) {
        buffer.append(contentsOf: bytes)
        var start = 0
        while buffer.count - start >= Frame.headerSize {
            let length = Self.number(buffer[start..<start + 4])
            guard length <= Frame.maximumPayload else {
                throw ChannelError(reason: "announced a frame of \(length) bytes")
            }
            guard let kind = Frame.Kind(rawValue: buffer[start + 4]) else {
                throw ChannelError(reason: "sent a frame of the unknown kind \(buffer[start + 4])")
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
