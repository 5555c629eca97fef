package import ChildProcess
import Threading

extension ChildProcess {
    /// All that a child wrote until it ended, and how it ended.
    package struct Story: Sendable {
        /// Its standard output.
        package let output: [UInt8]
        /// How it ended, with the end of its standard error.
        package let end: End

        /// Its standard output as text.
        package var text: String { String(decoding: output, as: UTF8.self) }
        /// The end of its standard error as text.
        package var errorText: String { String(decoding: end.errorOutput, as: UTF8.self) }
    }

    /// Reads all that the child writes and waits for its end.
    package func story() async throws -> Story {
        ignoreBrokenPipes()
        let pieces = Recorder<[UInt8]>()
        let end = try await withPromise { promise in
            do {
                try read {
                    pieces.record(Array($0))
                } onEnd: {
                    promise.resume(returning: $0)
                }
            } catch {
                promise.resume(throwing: error)
            }
        }
        return Story(output: pieces.elements.flatMap { $0 }, end: end)
    }
}

extension CommandOutput {
    /// The standard output as text.
    package var text: String { String(decoding: output, as: UTF8.self) }
    /// The standard error as text.
    package var errorText: String { String(decoding: errorOutput, as: UTF8.self) }
}
