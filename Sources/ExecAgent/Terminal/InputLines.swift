import JSONRPC
import SystemCalls
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

/// Reads the lines of an open file. A line that is read while a question waits answers it.
final class InputLines: ReplySource {
    private struct State {
        var reply: PendingReply?
        var isReading = false
        var hasEnded = false
    }

    /// Maximum length of a line in bytes. A terminal itself accepts no more than 4 KiB.
    private static let limit = 1 << 20

    /// The other lines, until the end of the file.
    let lines: AsyncStream<String>

    private let descriptor: Int32
    private let screen: TerminalOutput
    private let continuation: AsyncStream<String>.Continuation
    private let state = Locked(State())

    /// The lines of `descriptor`, of which none is read yet.
    init(of descriptor: Int32, screen: TerminalOutput) {
        self.descriptor = descriptor
        self.screen = screen
        (lines, continuation) = AsyncStream.makeStream(of: String.self)
    }

    /// Starts to read.
    ///
    /// - Throws: ``ThreadError``.
    func start() throws(ThreadError) {
        state.withLock { $0.isReading = true }
        try BackgroundThread.start("input-lines") { [self] in read() }
    }

    func reply(to prompt: String) async -> TypedReply {
        let pending = PendingReply(prompt: prompt)
        guard startIfNeeded(), state.withLock({ Self.request(pending, &$0) }) else { return .ended }
        screen.prompt(prompt)
        let reply = await pending.value { [self] in
            state.withLock { if $0.reply === pending { $0.reply = nil } }
            pending.settle(.withdrawn)
        }
        // The person's Enter has ended the line otherwise.
        if case .line = reply { return reply }
        screen.prompt("\n")
        return reply
    }

    private static func request(_ reply: PendingReply, _ state: inout State) -> Bool {
        guard !state.hasEnded else { return false }
        state.reply = reply
        return true
    }

    /// Starts to read the terminal for the first question, without what was typed before it.
    ///
    /// - Returns: whether it is read.
    private func startIfNeeded() -> Bool {
        guard !state.withLock({ $0.isReading }) else { return true }
        // In the background, reading would stop the program.
        guard tcgetpgrp(descriptor) == getpgrp() else { return false }
        tcflush(descriptor, TCIFLUSH)
        return (try? start()) != nil
    }

    private func read() {
        // A read error counts as the end.
        try? LineReader(descriptor: descriptor, lineLimit: Self.limit).forEachLine { line in
            switch line {
            case .complete(let bytes), .unfinished(let bytes): receive(String(decoding: bytes, as: UTF8.self))
            case .tooLong: break
            }
        }
        let reply = state.withLock { state in
            state.hasEnded = true
            return state.reply
        }
        reply?.settle(.ended)
        continuation.finish()
    }

    private func receive(_ line: String) {
        let reply = state.withLock { state in
            defer { state.reply = nil }
            return state.reply
        }
        if let reply { reply.settle(.line(line)) } else { continuation.yield(line) }
    }
}
