import JSONRPC
import Threading

/// Where the lines that a person types come from.
protocol LineSource: Sendable {
    /// The lines, until there are no more.
    var lines: AsyncStream<String> { get }

    /// Asks for the next line.
    func ask(_ prompt: String)

    /// Ends the line on which the last answer to ``ask(_:)`` was to come.
    func end()
}

/// Lines as they come: the terminal itself lets a person edit them, or nobody does.
struct PlainLines: LineSource {
    let lines: AsyncStream<String>
    let screen: TerminalOutput

    func ask(_ prompt: String) { screen.prompt(prompt) }

    // Behind the prompt, where the input came to its end.
    func end() { screen.note("") }
}

/// The lines of an open file.
enum InputLines {
    /// The longest line, in bytes. A terminal itself takes no more than 4 KiB.
    private static let limit = 1 << 20

    /// The lines of `descriptor`, one after the other, until its end.
    ///
    /// - Throws: ``ThreadError``.
    static func of(_ descriptor: Int32) throws(ThreadError) -> AsyncStream<String> {
        let (lines, continuation) = AsyncStream.makeStream(of: String.self)
        try BackgroundThread.start("input-lines") {
            // Where it cannot be read, it is over.
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
