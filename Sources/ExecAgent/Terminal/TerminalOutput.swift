import SystemCalls
import Threading

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// What the program writes: the answer to standard output, all else to standard error. A thread of its own writes it, in
/// the order of the calls, because a terminal or a pipe may make it wait.
final class TerminalOutput: Sendable {
    /// What the two streams are, and what they can do.
    struct Abilities: Sendable, Equatable {
        /// Whether the answer goes to a terminal.
        var answersToTerminal = false
        /// Whether both streams go to one place, such as a terminal or a log.
        var areOne = false
        /// Whether a line can be drawn again in its place.
        var canRedraw = false
        var hasColors = false
        /// Whether the terminal breaks rows that do not fit any more when it becomes narrower. Most do.
        var breaksRows = false
        /// Whether Markdown in the answer is drawn.
        var drawsMarkdown = false

        /// Looks at the streams and at `TERM` and `NO_COLOR`.
        ///
        /// - Parameter isPlain: whether the answer is to be shown as it is.
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

        /// Two streams that have nothing to do with each other, and are no terminals.
        init() {}
    }

    /// How a note looks where there are colors.
    enum Tone: String, Sendable {
        case plain = ""
        case faint = "\u{1B}[2m"
        case bad = "\u{1B}[31m"
    }

    private enum Piece: Sendable {
        case bytes(Int32, [UInt8])
        /// Something to do once what came before is written.
        case mark(@Sendable () -> Void)
    }

    private struct State {
        /// Whether the answer's last line has no end yet.
        var isInsideLine = false
        /// Whether the last that was written in the answer's place is a note.
        var followsNote = false
        /// Whether a status stands on the terminal's last line.
        var hasStatus = false
        /// The line of input that stands on the terminal's last rows.
        var input: EditedRows?
        /// What draws the answer under way.
        var markdown: MarkdownText?
        /// Pieces that the thread still has to write.
        var waiting = 0
        var isBroken = false
    }

    /// Pieces in waiting, beyond which a status is not worth its place.
    private static let fullQueue = 50
    private static let eraseLine = "\r\u{1B}[K"
    private static let clearScreen = "\u{1B}[H\u{1B}[2J"
    private static let plainAgain = "\u{1B}[0m"

    let abilities: Abilities
    private let answers: Int32
    private let notes: Int32
    private let onBroken: @Sendable (Int32) -> Void
    private let state = Locked(State())
    // Grows no larger than what a model says and what is noted of it, both of which have limits.
    private let queue = BlockingQueue<Piece>()

    /// Starts to write.
    ///
    /// - Parameters:
    ///   - answers: descriptor of the answer.
    ///   - notes: descriptor of everything else.
    ///   - onBroken: called once when the answer cannot be written any more, with the error: `EPIPE` where nobody reads it.
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
        state.withLock { state in
            guard abilities.drawsMarkdown else { return answer(text, &state) }
            var markdown = state.markdown ?? MarkdownText(columns: Descriptors.size(of: answers).columns)
            answer(markdown.take(text), &state)
            state.markdown = markdown
        }
    }

    /// Shows what is held back of the answer so far, because nothing that would change it can follow.
    func endText() {
        state.withLock { endText(&$0) }
    }

    /// Ends the answer's last line where it has no end.
    func endLine() {
        state.withLock { state in
            endText(&state)
            guard state.isInsideLine else { return }
            add(answers, "\n", &state)
            state.isInsideLine = false
        }
    }

    private func endText(_ state: inout State) {
        guard var markdown = state.markdown else { return }
        state.markdown = nil
        answer(markdown.end(), &state)
    }

    private func answer(_ text: String, _ state: inout State) {
        guard !text.isEmpty else { return }
        eraseStatus(&state)
        // Behind a note the line is ended already: one more end is a blank line.
        let follows = state.followsNote && text.hasPrefix("\n")
        add(answers, follows ? "\n" + text.drop { $0 == "\n" } : text, &state)
        state.isInsideLine = !text.hasSuffix("\n")
        state.followsNote = false
    }

    /// Writes lines for the person in front. They must be harmless: see `singleLine`.
    func note(_ text: String, _ tone: Tone = .plain) {
        state.withLock { state in
            eraseStatus(&state)
            partFromAnswer(&state)
            state.followsNote = abilities.areOne
            let isPlain = tone == .plain || !abilities.hasColors
            let line = isPlain ? "\(text)\n" : "\(tone.rawValue)\(text)\(Self.plainAgain)\n"
            // A line of input moves down.
            let (erased, drawn) = state.input.map { ($0.erasing, $0.drawing) } ?? ("", "")
            add(notes, erased + line + drawn, &state)
        }
    }

    // MARK: The line of input

    /// Draws a line of input in the place of the one that stands there, or else on a line of its own.
    func showLineOfInput(_ rows: EditedRows) {
        state.withLock { state in
            guard state.input != rows else { return }
            eraseStatus(&state)
            partFromAnswer(&state)
            add(notes, beginning(of: state.input, rows.columns) + rows.drawing, &state)
            state.input = rows
        }
    }

    /// Says that the cursor may be elsewhere: the line of input is next drawn on the row where it is by then.
    func loseLineOfInput() {
        state.withLock { state in
            state.input?.rows = []
            state.input?.cursorRow = 0
        }
    }

    /// Leaves the line of input where it is, and goes on below it.
    ///
    /// - Parameter rows: what is left there; `nil` for what stands there.
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

    /// Takes everything off the screen but the line of input.
    func clear() {
        guard abilities.canRedraw else { return }
        state.withLock { state in
            add(notes, Self.clearScreen + (state.input?.drawing ?? ""), &state)
        }
    }

    /// Asks for a line of input.
    func prompt(_ text: String) {
        state.withLock { state in
            eraseStatus(&state)
            partFromAnswer(&state)
            add(notes, text, &state)
        }
    }

    /// Draws a line that is gone with whatever is written next; `nil` takes it away. Where that cannot be drawn, nothing
    /// happens.
    func status(_ text: String?) {
        guard abilities.canRedraw else { return }
        state.withLock { state in
            guard let text else { return eraseStatus(&state) }
            // In the middle of an answer's line it would look like a part of it.
            guard !(state.isInsideLine && abilities.areOne), state.waiting < Self.fullQueue else { return }
            let width = Descriptors.size(of: notes).columns - 1
            let line = TerminalColumns.cut(text, to: width)
            let isPlain = !abilities.hasColors
            add(notes, Self.eraseLine + (isPlain ? line : Tone.faint.rawValue + line + Self.plainAgain), &state)
            state.hasStatus = true
        }
    }

    /// Waits until all of it is written.
    func flush() async {
        await withCheckedContinuation { continuation in
            if !queue.add(.mark { continuation.resume() }) { continuation.resume() }
        }
    }

    /// Waits until all of it is written. Blocks the calling thread.
    func flushHere() {
        let isWritten = ConditionLocked(false)
        if queue.add(.mark { isWritten.change { $0 = true } }) { isWritten.wait { $0 ? () : nil } }
    }

    private func eraseStatus(_ state: inout State) {
        guard state.hasStatus else { return }
        add(notes, Self.eraseLine, &state)
        state.hasStatus = false
    }

    /// Begins a new line for a note where the answer's line stands in the same place.
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
