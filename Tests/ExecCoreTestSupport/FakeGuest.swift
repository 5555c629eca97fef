import ChildProcess
import Diagnostics
package import ExecCore
import Foundation
package import JSON
package import TestSupport
package import Threading

/// The other end of a channel: gets what the server sends through a real pipe, and says what a test wants said.
package final class FakeGuest: Sendable {
    /// The server's end.
    package let channel: Channel
    /// The frames that the server sent.
    package let received = Recorder<Frame>()
    /// What the channel logged.
    package let log = Recorder<String>()
    /// The changes of artifacts that the channel told of.
    package let changes = Recorder<ArtifactChange>()
    /// The channel's clock for what a guest may send a second.
    package let clock = Locked(ContinuousClock.now)

    /// - Parameter guestCalls: what serves the calls that this guest starts.
    package init(guestCalls: [GuestCallMethod: any GuestCallHandler] = [:]) throws {
        let pipe = try TestPipe()
        channel = Channel(
            input: FrameWriter(PipeWriter(descriptor: pipe.writeEnd)),
            logger: Logger(program: "exec-mcp", level: .debug) { [log] in log.record($0) },
            now: { [clock] in clock.withLock { $0 } }, guestCalls: guestCalls,
            onArtifactsChanged: { [changes] in changes.record($0) })
        try BackgroundThread.start { [received] in
            var decoder = FrameDecoder()
            while case let piece = readSome(from: pipe.readEnd), !piece.isEmpty {
                piece.withUnsafeBytes { bytes in
                    try? decoder.feed(bytes) { (frame) throws(ChannelError) in received.record(frame) }
                }
            }
            close(pipe.readEnd)
        }
    }

    deinit {
        channel.end(ExecError(.sandboxEnded, "the test is over"))
    }

    /// Says `frames` to the channel in one piece.
    package func say(_ frames: Frame...) throws {
        try say(bytes: frames.flatMap(\.bytes))
    }

    /// Says what may be no frame.
    package func say(bytes: [UInt8]) throws {
        try bytes.withUnsafeBytes { try channel.receive($0) }
    }

    /// Starts a call with nothing special about it.
    package func call(
        _ method: String = "m", _ params: JSON = [:], body: [UInt8]? = nil, replyLimit: Int = 1000,
        onProgress: (@Sendable ([UInt8]) -> Void)? = nil
    ) -> Task<Channel.Reply, any Error> {
        Task { [channel] in
            try await channel.call(
                method, params, body: body, seconds: 600, replyLimit: replyLimit, onProgress: onProgress)
        }
    }

    /// Waits for the next call and gives its id.
    package func nextCall(after seen: Int = 0) async throws -> UInt32 {
        let calls = try await received.wait { $0.count { $0.kind == .call } > seen }.filter { $0.kind == .call }
        return calls[seen].call
    }
}
