import JSONRPC
import Threading

/// A source of lines typed by the user.
protocol LineSource: Sendable {
    /// The lines; ends at the end of input.
    var lines: AsyncStream<String> { get }

    /// Requests the next line.
    func ask(_ prompt: String)

    /// Ends the line on which the last ``ask(_:)`` was waiting for input.
    func end()
}

/// Lines as they arrive: the terminal itself provides editing, if any.
struct PlainLines: LineSource {
    let lines: AsyncStream<String>
    let screen: TerminalOutput

    func ask(_ prompt: String) { screen.prompt(prompt) }

    // After the prompt at which the input ended.
    func end() { screen.note("") }
}

/// Reads the lines of an open file.
enum InputLines {
    /// Maximum length of a line in bytes. A terminal itself accepts no more than 4 KiB.
    private static let limit = 1 << 20

    /// Returns the lines of `descriptor` until its end.
    ///
    /// - Throws: ``ThreadError``.
    static func of(_ descriptor: Int32) throws(ThreadError) -> AsyncStream<String> {
        let (lines, continuation) = AsyncStream.makeStream(of: String.self)
        try BackgroundThread.start("input-lines") {
            // A read error counts as the end.
            try? LineReader(descriptor: descriptor, lineLimit: limit).forEachLine { line in
                switch line {
                case .complete(let bytes), .unfinished(let bytes):
                    continuation.yield(String(decoding: bytes, as: UTF8.self))
                case .tooLong: break
                }
            }
            continuation.finish()
        }
        return lines
    }
}
