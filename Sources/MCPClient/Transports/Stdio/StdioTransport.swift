import ChildProcess
import JSON
import JSONRPC
import SystemCalls
import Threading

/// A server process that uses standard input and output, one message per line.
///
/// The child process's reader thread reads all of the server's output and reaps the process.
final class StdioTransport: MessageTransport {
    /// Seconds that a server has to exit by itself after closing its standard output.
    private static let lastSeconds = 2.0
    /// How much of a server's standard error a message quotes: the number of lines, and of characters.
    private static let maxLastWords = 3
    private static let lastWordsLength = 400

    let hasHeaders = false
    private let child: ChildProcess
    private let outbox: Outbox
    private let limits: ClientLimits
    private let onErrorLine: @Sendable (String) -> Void
    private let secrets: SecretTexts
    private let splitter: Locked<MessageSplitter>
    private let hasEnded = AsyncEvent()
    /// Whether the server was stopped because it had closed its standard output.
    private let isMute = Locked(false)

    /// Starts `program`.
    ///
    /// - Parameter onErrorLine: called with each line of the server's standard error, without secrets.
    /// - Throws: ``MCPClientError/cannotStart(_:)``.
    init(
        starting program: ServerProgram, limits: ClientLimits, onErrorLine: @escaping @Sendable (String) -> Void
    ) throws(MCPClientError) {
        self.limits = limits
        self.onErrorLine = onErrorLine
        secrets = SecretTexts(program.secrets)
        splitter = Locked(MessageSplitter(limit: limits.lineBytes))
        do throws(SpawnError) {
            let child = try ChildProcess(
                starting: Command(
                    executable: program.executable, arguments: program.arguments, environment: program.environment,
                    workingDirectory: program.workingDirectory), isGuarded: true)
            self.child = child
            outbox = Outbox(
                input: child.input, limit: limits.unreadBytes, answerLimit: limits.unreadAnswers
            ) { [hasEnded] in
                // A server that doesn't read is useless even if it runs. Its end then fails the pending calls.
                Task { await child.terminate(hasEnded, withinSeconds: limits.closingSeconds) }
            }
        } catch {
            throw .cannotStart(error.description)
        }
    }

    func open(_ receiver: any MessageReceiver) throws(MCPClientError) {
        let errorLines = ErrorLines(onLine: { [secrets, onErrorLine] in onErrorLine(secrets.hidden(in: $0)) })
        do throws(SpawnError) {
            // If the program has ended, the server has, even if another process holds its pipes open.
            try child.read(
                endsWithProgram: true, onOutput: { [self] in read($0, receiver) },
                onErrorOutput: { errorLines.feed($0) }, onOutputEnd: { [self] in Task { await endMute() } },
                onEnd: { [self] in finish($0, receiver) })
        } catch {
            outbox.close()
            throw .cannotStart(error.description)
        }
    }

    func send(_ message: OutgoingMessage) -> MCPClientError? {
        guard case .response(let response) = message else { return outbox.add(message.json, id: message.id) }
        guard outbox.add(answer: response.json) else { return .tooManyRequests(limit: limits.unreadAnswers) }
        return nil
    }

    func withdraw(_ id: Int) -> Bool { outbox.remove(id) }

    func abandon(_ id: Int, cancellation: Notification?) {
        if let cancellation { _ = outbox.add(cancellation.json) }
    }

    func adapt(to server: ServerDescription) {}

    /// Closes the server's input, then sends signals if that isn't enough (2026-07-28, basic/transports/stdio).
    func close() async {
        outbox.close()
        for signal in [nil, SIGTERM, SIGKILL] {
            if let signal { child.signal(signal) }
            if await hasEnded.wait(seconds: limits.closingSeconds) { return }
        }
    }

    /// Stops a server that has closed its standard output but keeps running: it can't respond any more.
    private func endMute() async {
        guard await !hasEnded.wait(seconds: Self.lastSeconds) else { return }
        isMute.withLock { $0 = true }
        await child.terminate(hasEnded, withinSeconds: limits.closingSeconds)
    }

    private func read(_ piece: UnsafeRawBufferPointer, _ receiver: any MessageReceiver) {
        let (lines, isSpread) = splitter.withLock { splitter in
            var lines: [LineSplitter.Line] = []
            splitter.feed(piece) { lines.append($0) }
            return (lines, splitter.hasSpreadMessages)
        }
        if isSpread { receiver.remark("it writes its messages over several lines; each must be on one") }
        lines.forEach { receiver.receive($0, of: nil) }
    }

    private func finish(_ end: ChildProcess.End, _ receiver: any MessageReceiver) {
        let rest = splitter.withLock { splitter in
            var lines: [LineSplitter.Line] = []
            splitter.end { lines.append($0) }
            return lines
        }
        if let last = rest.first, case .unfinished = last { receiver.receive(last, of: nil) }
        // The last line alone is often meaningless: an interpreter's version, the end of a stack trace.
        let said = secrets.hidden(in: String(decoding: end.errorOutput, as: UTF8.self))
            .split(whereSeparator: \.isNewline).map(\.trimmed).filter { !$0.isEmpty }
        let last = said.suffix(Self.maxLastWords).joined(separator: " / ").suffix(Self.lastWordsLength)
        let how = isMute.withLock { $0 } ? "it closed its standard output and was stopped" : "\(end.status)"
        outbox.close()
        receiver.end(last.isEmpty ? how : "\(how); it last said: \(last)")
        hasEnded.complete()
    }
}
