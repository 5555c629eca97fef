import HTTPServer
import OpenAI
import Threading

/// Writes server-sent events, and keep-alive comments between them.
final class LiveWriter: Sendable {
    private let writer: ResponseWriter
    private let lastWrite = Locked(ContinuousClock.now)

    init(_ writer: ResponseWriter) {
        self.writer = writer
    }

    func send(_ bytes: [UInt8]) async throws {
        lastWrite.withLock { $0 = .now }
        try await writer.write(bytes)
    }

    /// Sends a keep-alive comment after each `seconds` of silence while `work` runs.
    func whileAlive<Value: Sendable>(
        everySeconds seconds: Double, _ work: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        try await withThrowingTaskGroup(of: Value?.self) { group in
            group.addTask { try await work() }
            group.addTask {
                try await self.showLife(everySeconds: seconds)
                return nil
            }
            defer { group.cancelAll() }
            while let ended = try await group.next() {
                if let ended { return ended }
            }
            throw CancellationError()
        }
    }

    private func showLife(everySeconds seconds: Double) async throws {
        while true {
            let silence = lastWrite.withLock { $0.duration(to: .now) / .seconds(1) }
            if silence >= seconds {
                try await send(EventStream.comment("working"))
            } else {
                try await Task.sleep(for: .seconds(seconds - silence))
            }
        }
    }
}

extension HTTPResponse {
    /// Creates a response of server-sent events.
    init(events produce: @escaping @Sendable (ResponseWriter) async throws -> Void) {
        self.init(
            headers: [
                HTTPHeader("Content-Type", "\(EventStream.mediaType); charset=utf-8"),
                // Some proxies buffer a stream until it is complete.
                HTTPHeader("X-Accel-Buffering", "no"),
            ], body: .stream(produce))
    }
}
