package import ChildProcess
import Threading

/// Writes frames to a guest, sealed if the channel is.
package final class FrameWriter: Sendable {
    private let pipe: PipeWriter
    private let sealer: Locked<RecordSealer>?

    /// - Parameter key: the channel's key; `nil` if it isn't sealed.
    package init(_ pipe: PipeWriter, key: SealKey? = nil) {
        self.pipe = pipe
        sealer = key.map { Locked(RecordSealer($0, .fromServer)) }
    }

    /// Writes raw bytes that precede the first frame, and are never sealed.
    func write(raw bytes: [UInt8]) async throws {
        try await pipe.write(bytes)
    }

    /// Writes a frame and returns when the pipe has accepted all of it.
    ///
    /// - Throws: `PipeClosedError` if the guest no longer reads or the pipe was closed, and ``SealExhaustedError``.
    package func write(_ frame: Frame) async throws {
        guard let sealer else { return try await pipe.write(frame.bytes) }
        try await withCheckedThrowingContinuation { continuation in
            write(frame, sealedBy: sealer) { continuation.resume(with: $0) }
        }
    }

    /// Writes a frame as ``write(_:)`` does, and blocks the calling thread until the pipe has accepted all of it.
    ///
    /// - Throws: as ``write(_:)`` does.
    package func writeBlocking(_ frame: Frame) throws {
        guard let sealer else { return try pipe.writeBlocking(frame.bytes) }
        let outcome = ConditionLocked<Result<Void, any Error>?>(nil)
        write(frame, sealedBy: sealer) { result in outcome.change { $0 = result } }
        try outcome.wait { $0 }.get()
    }

    /// Closes the pipe, which signals the end of input to the guest.
    package func close() {
        pipe.close()
    }

    /// Seals a frame and hands it to the pipe in one step: records have to be written in the order of their numbers.
    private func write(
        _ frame: Frame, sealedBy sealer: Locked<RecordSealer>,
        completion: @escaping @Sendable (Result<Void, any Error>) -> Void
    ) {
        do {
            try sealer.withLock { (sealer) throws(SealExhaustedError) in
                pipe.write(try sealer.seal(frame.bytes), completion: completion)
            }
        } catch {
            // Nothing can be said any more. The sandbox ends, and the next one has a key of its own.
            close()
            completion(.failure(error))
        }
    }
}
