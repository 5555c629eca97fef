import Diagnostics
import SystemCalls
import Threading

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The program's output: the answer to standard output, everything else to standard error. A thread of its own writes
/// it in call order, because a terminal or a pipe may block.
final class TerminalOutput: Sendable {
    /// The properties of the two streams.
    struct Abilities: Sendable, Equatable {
        /// Whether the answer goes to a terminal.
        var answersToTerminal = false
        /// Whether both streams go to the same place, such as a terminal or a log.
        var areOne = false
        /// Whether a line can be redrawn in place.
        var canRedraw = false
        var hasColors = false
        /// Whether the terminal rewraps rows that no longer fit when it becomes narrower. Most do.
        var breaksRows = false
        /// Whether Markdown in the answer is rendered.
        var drawsMarkdown = false

        /// Inspects the streams, `TERM` and `NO_COLOR`.
        ///
        /// - Parameter isPlain: whether the answer is shown without rendering.
        init(answers: Int32, notes: Int32, environment: [String: String], isPlain: Bool = false) {
            answersToTerminal = Descriptors.isTerminal(answers)
            areOne = Descriptors.areOne(answers, notes)
            let isClever = !["dumb", ""].contains(environment["TERM"] ?? "")
            canRedraw = Descriptors.isTerminal(notes) && isClever
            let isOld = environment["XTERM_VERSION"] != nil || environment["TERM"]?.hasPrefix("rxvt") == true
            breaksRows = canRedraw && !isOld
            let mayColor = isClever && (environment["NO_COLOR"] ?? "").isEmpty
            hasColors = canRedraw && mayColor
            drawsMarkdown = answersToTerminal && mayColor && !isPlain
        }

        /// Creates the properties of two unrelated streams that aren't terminals.
        init() {}
    }

    /// The color of a note.
    enum Tone: String, Sendable {
        case plain = ""
        case faint = "\u{1B}[2m"
        case bad = "\u{1B}[31m"
    }

    private enum Piece: Sendable {
        case bytes(Int32, [UInt8])
        /// Called once everything before it is written.
        case mark(@Sendable () -> Void)
    }

    /// Output that waits for the end of a question.
    private enum Held: Sendable {
        case answer(String)
        case note(String, Tone)
        case endOfText
        case endOfLine
    }

    private struct State {
        /// What is held back while a question waits for its answer; `nil` if none.
        var held: [Held]?
        /// Whether the last line of the answer is not ended yet.
        var isInsideLine = false
        /// Whether the last output in the same place as the answer is a note.
        var followsNote = false
        /// Whether the terminal's last line shows a status.
        var hasStatus = false
        /// The line of input shown on the terminal's last rows.
        var input: EditedRows?
        /// Renders the current answer.
        var markdown: MarkdownText?
        /// Pieces that the thread still has to write.
        var waiting = 0
        var isBroken = false
    }

    /// Number of queued pieces above which a status is skipped.
    private static let fullQueue = 50
    private static let eraseLine = "\r\u{1B}[K"
    private static let clearScreen = "\u{1B}[H\u{1B}[2J"
    private static let plainAgain = "\u{1B}[0m"

    let abilities: Abilities
    private let answers: Int32
    private let notes: Int32
    private let onBroken: @Sendable (Int32) -> Void
    private let state = Locked(State())
    // Bounded by the limits of the model's output and of its notes.
    private let queue = BlockingQueue<Piece>()

    /// Starts the writer thread.
    ///
    /// - Parameters:
    ///   - answers: descriptor for the answer.
    ///   - notes: descriptor for everything else.
    ///   - onBroken: called once if the answer can no longer be written, with the error: `EPIPE` if nobody reads it.
    /// - Throws: ``ThreadError``.
    init(
        abilities: Abilities, answers: Int32 = 1, notes: Int32 = 2,
        onBroken: @escaping @Sendable (Int32) -> Void = { _ in }
    ) throws(ThreadError) {
        self.abilities = abilities
        self.answers = answers
        self.notes = notes
        self.onBroken = onBroken
        try BackgroundThread.start("screen") { [self] in writeAll() }
    }

    /// Writes the next piece of the answer.
    func answer(_ text: String) {
        let text = abilities.answersToTerminal ? SanitizedText.of(text) : text
        state.withLock { answer(sanitized: text, &$0) }
    }

    private func answer(sanitized text: String, _ state: inout State) {
        guard !hold(.answer(text), &state) else { return }
        guard abilities.drawsMarkdown else { return answer(text, &state) }
        var markdown = state.markdown ?? MarkdownText(columns: Descriptors.size(of: answers).columns)
        answer(markdown.append(text), &state)
        state.markdown = markdown
    }

    /// Shows the part of the answer that is held back: no later text can change it.
    func endText() {
        state.withLock { endText(&$0) }
    }

    /// Ends the last line of the answer if necessary.
    func endLine() {
        state.withLock { endLine(&$0) }
    }

    private func endLine(_ state: inout State) {
        guard !hold(.endOfLine, &state) else { return }
        endText(&state)
        guard state.isInsideLine else { return }
        add(answers, "\n", &state)
        state.isInsideLine = false
    }

    private func endText(_ state: inout State) {
        guard !hold(.endOfText, &state), var markdown = state.markdown else { return }
        state.markdown = nil
        answer(markdown.end(), &state)
    }

    private func answer(_ text: String, _ state: inout State) {
        guard !text.isEmpty else { return }
        eraseStatus(&state)
        // After a note the line is already ended: another line end would give a blank line.
        let follows = state.followsNote && text.hasPrefix("\n")
        add(answers, follows ? "\n" + text.drop { $0 == "\n" } : text, &state)
        state.isInsideLine = !text.hasSuffix("\n")
        state.followsNote = false
    }

    /// Writes lines for the user. They must be sanitized: see `singleLine`.
    func note(_ text: String, _ tone: Tone = .plain) {
        state.withLock { if !hold(.note(text, tone), &$0) { note(text, tone, &$0) } }
    }

    private func note(_ text: String, _ tone: Tone, _ state: inout State) {
        eraseStatus(&state)
        partFromAnswer(&state)
        state.followsNote = abilities.areOne
        let isPlain = tone == .plain || !abilities.hasColors
        let line = isPlain ? "\(text)\n" : "\(tone.rawValue)\(text)\(Self.plainAgain)\n"
        // A line of input moves down.
        let (erased, drawn) = state.input.map { ($0.erasing, $0.drawing) } ?? ("", "")
        add(notes, erased + line + drawn, &state)
    }

    // MARK: Questions

    /// Shows a question. All other output is held back until ``endQuestion()``, so that it cannot come between the
    /// question and its answer.
    ///
    /// - Parameter text: returns the question for a number of columns; it must be sanitized.
    func beginQuestion(_ text: (_ columns: Int) -> String) {
        let text = text(Descriptors.size(of: notes).columns)
        state.withLock { state in
            note(text, .plain, &state)
            state.held = state.held ?? []
        }
    }

    /// Shows lines that belong to the current question.
    ///
    /// - Parameter text: returns the lines for a number of columns; they must be sanitized.
    func addToQuestion(_ text: (_ columns: Int) -> String) {
        let text = text(Descriptors.size(of: notes).columns)
        state.withLock { note(text, .plain, &$0) }
    }

    /// Shows what was held back.
    func endQuestion() {
        state.withLock { state in
            let held = state.held ?? []
            state.held = nil
            for output in held {
                switch output {
                case .answer(let text): answer(sanitized: text, &state)
                case .note(let text, let tone): note(text, tone, &state)
                case .endOfText: endText(&state)
                case .endOfLine: endLine(&state)
                }
            }
        }
    }

    /// - Returns: whether the output is held back because a question waits for its answer.
    private func hold(_ output: Held, _ state: inout State) -> Bool {
        guard state.held != nil else { return false }
        // An answer that goes elsewhere is in nobody's way.
        if case .note = output {} else if !abilities.answersToTerminal, !abilities.areOne { return false }
        state.held?.append(output)
        return true
    }

    // MARK: The line of input

    /// Draws a line of input in place of the current one, or else on a line of its own.
    func showLineOfInput(_ rows: EditedRows) {
        state.withLock { state in
            guard state.input != rows else { return }
            eraseStatus(&state)
            partFromAnswer(&state)
            add(notes, beginning(of: state.input, rows.columns) + rows.drawing, &state)
            state.input = rows
        }
    }

    /// Marks the cursor position as unknown: the line of input is next drawn at the cursor's row.
    func loseLineOfInput() {
        state.withLock { state in
            state.input?.rows = []
            state.input?.cursorRow = 0
        }
    }

    /// Leaves the line of input in place and continues below it.
    ///
    /// - Parameter rows: the final rows; `nil` for the current ones.
    func endLineOfInput(_ rows: EditedRows? = nil) {
        state.withLock { state in
            guard let left = rows ?? state.input?.finished(height: Int.max) else { return }
            eraseStatus(&state)
            partFromAnswer(&state)
            add(notes, beginning(of: state.input, left.columns) + left.drawing + "\n", &state)
            state.input = nil
            state.followsNote = abilities.areOne
        }
    }

    private func beginning(of input: EditedRows?, _ columns: Int) -> String {
        guard let input else { return "" }
        return abilities.breaksRows ? input.beginning(columns: columns) : input.beginning
    }

    /// Clears the screen except for the line of input.
    func clear() {
        guard abilities.canRedraw else { return }
        state.withLock { state in
            add(notes, Self.clearScreen + (state.input?.drawing ?? ""), &state)
        }
    }

    /// Shows a prompt for a line of input.
    func prompt(_ text: String) {
        state.withLock { state in
            eraseStatus(&state)
            partFromAnswer(&state)
            add(notes, text, &state)
        }
    }

    /// Shows a status line that the next output replaces; `nil` removes it. Does nothing if the line cannot be
    /// redrawn.
    func status(_ text: String?) {
        guard abilities.canRedraw else { return }
        state.withLock { state in
            guard let text else { return eraseStatus(&state) }
            // In the middle of a line of the answer it would look like a part of it.
            guard state.held == nil, !(state.isInsideLine && abilities.areOne), state.waiting < Self.fullQueue
            else { return }
            let width = Descriptors.size(of: notes).columns - 1
            let line = TerminalColumns.cut(text, to: width)
            let isPlain = !abilities.hasColors
            add(notes, Self.eraseLine + (isPlain ? line : Tone.faint.rawValue + line + Self.plainAgain), &state)
            state.hasStatus = true
        }
    }

    /// Waits until all output is written.
    func flush() async {
        await withCheckedContinuation { continuation in
            if !queue.add(.mark { continuation.resume() }) { continuation.resume() }
        }
    }

    /// Waits until all output is written. Blocks the calling thread.
    func flushHere() {
        let isWritten = ConditionLocked(false)
        if queue.add(.mark { isWritten.change { $0 = true } }) { isWritten.wait { $0 ? () : nil } }
    }

    private func eraseStatus(_ state: inout State) {
        guard state.hasStatus else { return }
        add(notes, Self.eraseLine, &state)
        state.hasStatus = false
    }

    /// Starts a new line for a note if an unfinished line of the answer is in the same place.
    private func partFromAnswer(_ state: inout State) {
        guard state.isInsideLine, abilities.areOne else { return }
        add(notes, "\n", &state)
        state.isInsideLine = false
    }

    private func add(_ descriptor: Int32, _ text: String, _ state: inout State) {
        state.waiting += 1
        queue.add(.bytes(descriptor, Array(text.utf8)))
    }

    private func writeAll() {
        while let piece = queue.next() {
            switch piece {
            case .mark(let then): then()
            case .bytes(let descriptor, let bytes):
                let wasWritten = Descriptors.write(bytes, to: descriptor)
                let error = errno
                let breaksNow = state.withLock { state in
                    state.waiting -= 1
                    guard !wasWritten, descriptor == answers, !state.isBroken else { return false }
                    state.isBroken = true
                    return true
                }
                if breaksNow { onBroken(error) }
            }
        }
    }
}
