import Diagnostics
import SystemCalls
import Threading

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Reads lines that a person edits on a terminal. A thread of its own reads the keys all the time: those that come while
/// no line is asked for are kept for the next one, but for Ctrl-C, which is heard at once.
final class LineEditor: LineSource, TerminalSignals.Receiver {
    /// What the editor needs from outside.
    struct Surroundings: Sendable {
        var screen: TerminalOutput
        var interrupts: SignalHandler
        /// The file with what was typed before; `nil` for none.
        var history: HistoryFile?
        /// The commands that lines may begin with.
        var commands: [String] = []
        /// Names that words may be completed to.
        var names: @Sendable () async -> [String] = { [] }
    }

    private struct State {
        /// What is asked for; `nil` while nothing is.
        var prompt: String?
        /// Names that were asked for.
        var found: (number: Int, completion: Completion)?
        var isClosed = false
        /// Whether the terminal is somebody else's, so that nothing is drawn.
        var isGivenBack = false
    }

    /// Bytes of keys that are kept while no line is asked for.
    private static let backlogLimit = KeyParser.usualPasteLimit

    /// The lines, until there are no more.
    let lines: AsyncStream<String>

    private let continuation: AsyncStream<String>.Continuation
    private let surroundings: Surroundings
    private let input: Int32
    private let output: Int32
    private let mode: TerminalMode
    private let wake: (read: Int32, write: Int32)
    private let state = Locked(State())
    /// Entries for the history's file. No longer than what a person types.
    private let entries = BlockingQueue<String>()
    private let entriesAreKept = AsyncEvent()

    /// Takes the terminal and begins to read.
    ///
    /// - Returns: `nil` where lines cannot be edited.
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
            try TerminalSignals.tell(self)
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

    /// Gives the terminal back for good, as it was.
    func close() async {
        change { $0.isClosed = true }
        surroundings.screen.endLineOfInput()
        await surroundings.screen.flush()
        mode.end()
        entries.close()
        // A file system that does not answer is waited for no longer than this.
        _ = await entriesAreKept.wait(seconds: 2)
    }

    /// Gives the terminal back at once, whatever is still to be written.
    func giveBackNow() { mode.end() }

    func giveBack() {
        let isClosed = state.withLock { state in
            state.isGivenBack = true
            return state.isClosed
        }
        guard !isClosed else { return }
        surroundings.screen.endLineOfInput()
        surroundings.screen.flushHere()
        mode.end()
    }

    func takeAgain() {
        guard !(state.withLock { $0.isClosed }) else { return }
        mode.begin()
        surroundings.screen.loseLineOfInput()
        change { $0.isGivenBack = false }
    }

    func resize() { change { _ in } }

    private func change(_ body: (inout State) -> Void) {
        state.withLock { body(&$0) }
        var byte: UInt8 = 0
        // A pipe that is full wakes as well.
        _ = write(wake.write, &byte, 1)
    }

    // MARK: The thread of the keys

    private func read() {
        var parser = KeyParser()
        var session = Session(editing: LineEditing(history: InputHistory(surroundings.history?.entries() ?? [])))
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            var watched = [
                pollfd(fd: input, events: Int16(POLLIN), revents: 0),
                pollfd(fd: wake.read, events: Int16(POLLIN), revents: 0),
            ]
            let count = poll(&watched, 2, parser.patience ?? -1)
            if count < 0 && errno != EINTR { break }
            if count == 0 { take(parser.giveUpWaiting(), &session) }
            guard count > 0 else { continue }
            if watched[1].revents != 0 {
                _ = Self.read(wake.read, &buffer)
                guard look(&session) else { break }
            }
            guard watched[0].revents != 0 else { continue }
            let size = Self.read(input, &buffer)
            if size < 0 && (errno == EAGAIN || errno == EINTR) { continue }
            guard size > 0 else { break }
            take(parser.take(buffer[..<size]), &session)
        }
        continuation.finish()
    }

    private static func read(_ descriptor: Int32, _ buffer: inout [UInt8]) -> Int {
        #if canImport(Glibc)
            Glibc.read(descriptor, &buffer, buffer.count)
        #else
            Darwin.read(descriptor, &buffer, buffer.count)
        #endif
    }

    /// What the thread alone knows.
    private struct Session {
        var editing: LineEditing
        var prompt: String?
        /// Keys that came while no line was asked for, or while names were.
        var backlog: [Key] = []
        var backlogSize = 0
        /// Whether there was more of them than is kept. What comes behind it is not kept either: it belongs to it.
        var hasLostKeys = false
        /// Whether Tab waits for names.
        var awaitsNames = false
        /// How many keys there were besides Tab, so that names that come too late for their question do nothing.
        var keyCount = 0
        /// How often Tab was pressed since the last other key, or since it had something to add.
        var tabCount = 0
    }

    /// Looks at what others have said.
    ///
    /// - Returns: whether to go on.
    private func look(_ session: inout Session) -> Bool {
        let (prompt, found, isClosed) = state.withLock { state in
            defer { (state.prompt, state.found) = (nil, nil) }
            return (state.prompt, state.found, state.isClosed)
        }
        guard !isClosed else { return false }
        if let prompt { session.prompt = prompt }
        if let found, session.awaitsNames, found.number == session.keyCount {
            session.awaitsNames = false
            complete(found.completion, &session)
        }
        if session.prompt != nil, !session.awaitsNames {
            let backlog = session.backlog
            (session.backlog, session.backlogSize, session.hasLostKeys) = ([], 0, false)
            take(backlog, &session)
        }
        draw(session)
        return true
    }

    private func take(_ keys: [Key], _ session: inout Session) {
        for key in keys {
            if session.prompt == nil {
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

    /// A key that comes while no line is asked for.
    private func keep(_ key: Key, _ session: inout Session) {
        switch key {
        case .control("C"):
            // What was typed before it was meant for what it interrupts.
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
                "What was typed ahead has more than \(limit) MiB: what you just gave is left out.", .bad)
        }
        session.backlogSize += size
        session.backlog.append(key)
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
            surroundings.screen.note("What was pasted has more than \(limit) MiB: the rest is left out.", .bad)
        }
    }

    private func submit(_ text: String, _ line: EditBuffer, _ session: inout Session) {
        guard let prompt = session.prompt else { return }
        var whole = line
        whole.move(to: whole.characters.count)
        let size = Descriptors.size(of: output)
        let rows = EditedRows(prompt: prompt, line: whole, columns: size.columns, height: Int.max)
        surroundings.screen.endLineOfInput(rows.finished(height: size.rows))
        session.prompt = nil
        if session.editing.remember(text), surroundings.history != nil { entries.add(text) }
        continuation.yield(text)
    }

    private func draw(_ session: Session) {
        guard let prompt = session.prompt else { return }
        let size = Descriptors.size(of: output)
        let shown = session.editing.search.map { search in
            "(\(search.hasFailed ? "no match" : "search")) '\(search.text.singleLine(limit: 60))': "
        }
        let rows = EditedRows(
            prompt: shown ?? prompt, line: session.editing.line, columns: size.columns, height: size.rows)
        // Under the lock: what is drawn after the terminal was given back would be there twice.
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

    // MARK: The thread of the history's file

    private func keepEntries() {
        while let entry = entries.next() { surroundings.history?.add(entry) }
        entriesAreKept.complete()
    }
}
