import Diagnostics
import SystemCalls
import Threading

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Reads lines that the user edits on a terminal. A thread of its own always reads the keys: those typed while no line
/// is requested are buffered for the next one, except Ctrl-C, which takes effect at once.
final class LineEditor: LineSource, ReplySource, TerminalSignals.Receiver {
    /// The editor's dependencies.
    struct Surroundings: Sendable {
        var screen: TerminalOutput
        var interrupts: SignalHandler
        /// The history file; `nil` for none.
        var history: HistoryFile?
        /// The commands to complete at the start of a line.
        var commands: [String] = []
        /// Returns the names to complete words to.
        var names: @Sendable () async -> [String] = { [] }
    }

    private struct State {
        /// The prompt of the requested line; `nil` if none is newly requested.
        var prompt: String?
        /// A reply that is newly requested.
        var requested: PendingReply?
        /// A reply that is no longer wanted.
        var withdrawn: PendingReply?
        /// Whether no more keys are read.
        var hasEnded = false
        /// A completion with the names that were requested.
        var found: (number: Int, completion: Completion)?
        var isClosed = false
        /// Whether another program owns the terminal, so that nothing may be drawn.
        var isGivenBack = false
    }

    /// Maximum size in bytes of the input buffered while no line is requested.
    private static let backlogLimit = KeyParser.usualPasteLimit

    /// The submitted lines; ends at the end of input.
    let lines: AsyncStream<String>

    private let continuation: AsyncStream<String>.Continuation
    private let surroundings: Surroundings
    private let input: Int32
    private let output: Int32
    private let mode: TerminalMode
    private let wake: (read: Int32, write: Int32)
    private let state = Locked(State())
    /// Entries to write to the history file. Bounded by what the user types.
    private let entries = BlockingQueue<String>()
    private let entriesAreKept = AsyncEvent()

    /// Switches the terminal to raw mode and starts reading.
    ///
    /// - Returns: `nil` if lines cannot be edited here.
    /// - Throws: ``ThreadError``.
    init?(input: Int32, output: Int32, _ surroundings: Surroundings) throws(ThreadError) {
        var ends: [Int32] = [-1, -1]
        guard let mode = TerminalMode(input: input, output: output), pipe(&ends) == 0 else { return nil }
        for end in ends {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
        }
        wake = (ends[0], ends[1])
        (self.input, self.output, self.mode, self.surroundings) = (input, output, mode, surroundings)
        (lines, continuation) = AsyncStream.makeStream(of: String.self)
        mode.begin()
        do throws(ThreadError) {
            try TerminalSignals.notify(self)
            try BackgroundThread.start("line-editor") { [self] in read() }
            try BackgroundThread.start("history") { [self] in keepEntries() }
        } catch {
            mode.end()
            throw error
        }
    }

    func end() { surroundings.screen.endLineOfInput() }

    func ask(_ prompt: String) {
        change { $0.prompt = prompt }
    }

    func reply(to prompt: String) async -> TypedReply {
        let reply = PendingReply(prompt: prompt)
        change { state in
            if state.hasEnded { reply.settle(.ended) } else { state.requested = reply }
        }
        return await reply.value { [self] in
            change { state in
                if state.hasEnded { reply.settle(.withdrawn) } else { state.withdrawn = reply }
            }
        }
    }

    /// Restores the terminal for good.
    func close() async {
        change { $0.isClosed = true }
        surroundings.screen.endLineOfInput()
        await surroundings.screen.flush()
        mode.end()
        entries.close()
        // Bounded, in case the file system hangs.
        _ = await entriesAreKept.wait(seconds: 2)
    }

    /// Restores the terminal at once, even if output is pending.
    func releaseTerminalNow() { mode.end() }

    func releaseTerminal() {
        let isClosed = state.withLock { state in
            state.isGivenBack = true
            return state.isClosed
        }
        guard !isClosed else { return }
        surroundings.screen.endLineOfInput()
        surroundings.screen.flushHere()
        mode.end()
    }

    func reclaimTerminal() {
        guard !(state.withLock { $0.isClosed }) else { return }
        mode.begin()
        surroundings.screen.loseLineOfInput()
        change { $0.isGivenBack = false }
    }

    func resize() { change { _ in } }

    private func change(_ body: (inout State) -> Void) {
        state.withLock { body(&$0) }
        var byte: UInt8 = 0
        // A full pipe wakes the thread as well.
        _ = write(wake.write, &byte, 1)
    }

    // MARK: The key thread

    private func read() {
        var parser = KeyParser()
        var session = Session(editing: LineEditing(history: InputHistory(surroundings.history?.entries() ?? [])))
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            var watched = [
                pollfd(fd: input, events: Int16(POLLIN), revents: 0),
                pollfd(fd: wake.read, events: Int16(POLLIN), revents: 0),
            ]
            let count = poll(&watched, 2, parser.keyTimeout ?? -1)
            if count < 0 && errno != EINTR { break }
            if count == 0 { handle(parser.giveUpWaiting(), &session) }
            guard count > 0 else { continue }
            if watched[1].revents != 0 {
                _ = Self.read(wake.read, &buffer)
                guard look(&session) else { break }
            }
            guard watched[0].revents != 0 else { continue }
            let size = Self.read(input, &buffer)
            if size < 0 && (errno == EAGAIN || errno == EINTR) { continue }
            guard size > 0 else { break }
            handle(parser.parse(buffer[..<size]), &session)
        }
        let requested = state.withLock { state in
            state.hasEnded = true
            return [state.requested, state.withdrawn]
        }
        for reply in requested + [session.question?.reply] { reply?.settle(.ended) }
        continuation.finish()
    }

    private static func read(_ descriptor: Int32, _ buffer: inout [UInt8]) -> Int {
        #if canImport(Glibc)
            Glibc.read(descriptor, &buffer, buffer.count)
        #else
            Darwin.read(descriptor, &buffer, buffer.count)
        #endif
    }

    /// State owned by the key thread.
    private struct Session {
        var editing: LineEditing
        var prompt: String?
        /// The question that takes all keys; `nil` if none.
        var question: QuestionLine?
        /// Keys typed while no line was requested or a completion was pending.
        var backlog: [Key] = []
        var backlogSize = 0
        /// Whether the backlog has overflowed. Later keys are dropped too, because they belong to the dropped input.
        var hasLostKeys = false
        /// Whether a completion waits for names.
        var awaitsNames = false
        /// Number of keys other than Tab, to discard names that arrive too late.
        var keyCount = 0
        /// Number of Tabs since the last other key or the last insertion.
        var tabCount = 0
    }

    /// Handles requests from other threads.
    ///
    /// - Returns: whether to continue.
    private func look(_ session: inout Session) -> Bool {
        let now = state.withLock { state in
            defer { (state.prompt, state.found, state.requested, state.withdrawn) = (nil, nil, nil, nil) }
            return state
        }
        let (prompt, found) = (now.prompt, now.found)
        if let reply = now.requested { session.question = QuestionLine(reply: reply) }
        if let reply = now.withdrawn {
            if session.question?.reply === reply {
                surroundings.screen.endLineOfInput()
                session.question = nil
            }
            reply.settle(.withdrawn)
        }
        guard !now.isClosed else { return false }
        if let prompt { session.prompt = prompt }
        if let found, session.awaitsNames, found.number == session.keyCount {
            session.awaitsNames = false
            complete(found.completion, &session)
        }
        if session.prompt != nil, !session.awaitsNames {
            let backlog = session.backlog
            (session.backlog, session.backlogSize, session.hasLostKeys) = ([], 0, false)
            handle(backlog, &session)
        }
        draw(session)
        return true
    }

    private func handle(_ keys: [Key], _ session: inout Session) {
        for key in keys {
            if session.question != nil {
                answer(key, &session)
            } else if session.prompt == nil {
                keep(key, &session)
            } else if !session.awaitsNames {
                edit(key, &session)
            } else if key == .control("C") {
                (session.backlog, session.backlogSize, session.hasLostKeys) = ([], 0, false)
                session.awaitsNames = false
                edit(key, &session)
            } else {
                store(key, &session)
            }
        }
        draw(session)
    }

    /// Handles a key that is typed while no line is requested.
    private func keep(_ key: Key, _ session: inout Session) {
        switch key {
        case .control("C"):
            // Earlier keys were meant for the work that it interrupts.
            (session.backlog, session.backlogSize, session.hasLostKeys) = ([], 0, false)
            surroundings.interrupts.receive(SIGINT)
        case .control("Z"): kill(0, SIGTSTP)
        case .control("\\"): kill(0, SIGQUIT)
        default: store(key, &session)
        }
    }

    private func store(_ key: Key, _ session: inout Session) {
        let size =
            switch key {
            case .text(let text), .paste(let text): text.utf8.count
            default: 1
            }
        guard !session.hasLostKeys else { return }
        guard session.backlogSize + size <= Self.backlogLimit else {
            session.hasLostKeys = true
            let limit = Self.backlogLimit >> 20
            return surroundings.screen.note(
                "The text typed ahead exceeds \(limit) MiB: your last input is dropped.", .bad)
        }
        session.backlogSize += size
        session.backlog.append(key)
    }

    /// Handles a key that is typed while a question waits for its answer.
    private func answer(_ key: Key, _ session: inout Session) {
        // The work that asks is interrupted, and withdraws its question.
        guard key != .control("C") else { return surroundings.interrupts.receive(SIGINT) }
        guard let question = session.question, ![.tab, .control("R"), .control("S")].contains(key) else { return }
        let line = question.editing.line
        switch session.question?.editing.handle(key) {
        case .submitted(let text):
            leave(line, after: question.reply.prompt)
            session.question = nil
            question.reply.settle(.line(text))
        case .ended:
            surroundings.screen.endLineOfInput()
            session.question = nil
            question.reply.settle(.ended)
        case .suspend: kill(0, SIGTSTP)
        case .quit: kill(0, SIGQUIT)
        default: break
        }
    }

    private func edit(_ key: Key, _ session: inout Session) {
        if key == .tab {
            session.tabCount += 1
        } else {
            session.keyCount += 1
            session.tabCount = 0
        }
        let line = session.editing.line
        switch session.editing.handle(key) {
        case .edited: break
        case .submitted(let text): submit(text, line, &session)
        case .ended:
            session.prompt = nil
            continuation.finish()
        case .interrupted:
            session.prompt = nil
            surroundings.interrupts.receive(SIGINT)
        case .suspend: kill(0, SIGTSTP)
        case .quit: kill(0, SIGQUIT)
        case .clearScreen: surroundings.screen.clear()
        case .complete: complete(&session)
        case .pasteCut:
            let limit = KeyParser.usualPasteLimit >> 20
            surroundings.screen.note("The pasted text exceeds \(limit) MiB: the rest is dropped.", .bad)
        }
    }

    private func submit(_ text: String, _ line: EditBuffer, _ session: inout Session) {
        guard let prompt = session.prompt else { return }
        leave(line, after: prompt)
        session.prompt = nil
        if session.editing.remember(text), surroundings.history != nil { entries.add(text) }
        continuation.yield(text)
    }

    /// Leaves a complete line of input in place.
    private func leave(_ line: EditBuffer, after prompt: String) {
        var whole = line
        whole.move(to: whole.characters.count)
        let size = Descriptors.size(of: output)
        let rows = EditedRows(prompt: prompt, line: whole, columns: size.columns, height: Int.max)
        surroundings.screen.endLineOfInput(rows.finished(height: size.rows))
    }

    private func draw(_ session: Session) {
        guard let prompt = session.question?.reply.prompt ?? session.prompt else { return }
        let editing = session.question?.editing ?? session.editing
        let size = Descriptors.size(of: output)
        let shown = editing.search.map { search in
            "(\(search.hasFailed ? "no match" : "search")) '\(search.text.singleLine(limit: 60))': "
        }
        let rows = EditedRows(
            prompt: shown ?? prompt, line: editing.line, columns: size.columns, height: size.rows)
        // Under the lock: a line drawn after the terminal was given back would appear twice.
        state.withLock { if !$0.isGivenBack { surroundings.screen.showLineOfInput(rows) } }
    }

    // MARK: Completion

    private func complete(_ session: inout Session) {
        let text = session.editing.line.beforeCursor
        if let completion = Completion(command: text, of: surroundings.commands) {
            return complete(completion, &session)
        }
        guard !text.allSatisfy(\.isWhitespace) else { return }
        let count = session.keyCount
        session.awaitsNames = true
        Task { [self] in
            let names = await surroundings.names()
            change { $0.found = (count, Completion(lastWordOf: text, to: names)) }
        }
    }

    private func complete(_ completion: Completion, _ session: inout Session) {
        if let insertion = completion.insertion {
            session.keyCount += 1
            session.tabCount = 0
            session.editing.replace(last: completion.replaced, with: insertion)
        } else if session.tabCount > 1, !completion.candidates.isEmpty {
            session.tabCount = 0
            surroundings.screen.note(completion.list)
        }
    }

    // MARK: The history thread

    private func keepEntries() {
        while let entry = entries.next() { surroundings.history?.add(entry) }
        entriesAreKept.complete()
    }
}
