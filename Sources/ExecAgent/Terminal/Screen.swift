import Threading

/// What the program writes: the answer to standard output, all else to standard error. A thread of its own writes it, in
/// the order of the calls, because a terminal or a pipe may make it wait.
final class Screen: Sendable {
    /// What the two streams are, and what they can do.
    struct Abilities: Sendable, Equatable {
        /// Whether the answer goes to a terminal.
        var answersToTerminal = false
        /// Whether both streams go to one place, such as a terminal or a log.
        var areOne = false
        /// Whether a line can be drawn again in its place.
        var canRedraw = false
        var hasColors = false

        /// Looks at the streams and at `TERM` and `NO_COLOR`.
        init(answers: Int32, notes: Int32, environment: [String: String]) {
            answersToTerminal = Descriptors.isTerminal(answers)
            areOne = Descriptors.areOne(answers, notes)
            let isClever = !["dumb", ""].contains(environment["TERM"] ?? "")
            canRedraw = Descriptors.isTerminal(notes) && isClever
            hasColors = canRedraw && (environment["NO_COLOR"] ?? "").isEmpty
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
        case mark(CheckedContinuation<Void, Never>)
    }

    private struct State {
        /// Whether the answer's last line has no end yet.
        var isInsideLine = false
        /// Whether the last that was written in the answer's place is a note.
        var followsNote = false
        /// Whether a status stands on the terminal's last line.
        var hasStatus = false
        /// Pieces that the thread still has to write.
        var waiting = 0
        var isBroken = false
    }

    /// Pieces in waiting, beyond which a status is not worth its place.
    private static let fullQueue = 50
    private static let eraseLine = "\r\u{1B}[K"
    private static let plainAgain = "\u{1B}[0m"

    let abilities: Abilities
    private let answers: Int32
    private let notes: Int32
    private let onBroken: @Sendable () -> Void
    private let state = Locked(State())
    // Grows no larger than what a model says and what is noted of it, both of which have limits.
    private let queue = BlockingQueue<Piece>()

    /// Starts to write.
    ///
    /// - Parameters:
    ///   - answers: descriptor of the answer.
    ///   - notes: descriptor of everything else.
    ///   - onBroken: called once when nobody reads the answer any more.
    /// - Throws: ``ThreadError``.
    init(
        abilities: Abilities, answers: Int32 = 1, notes: Int32 = 2, onBroken: @escaping @Sendable () -> Void = {}
    ) throws(ThreadError) {
        self.abilities = abilities
        self.answers = answers
        self.notes = notes
        self.onBroken = onBroken
        try BackgroundThread.start { [self] in writeAll() }
    }

    /// Writes the next piece of the answer.
    func answer(_ text: String) {
        let text = abilities.answersToTerminal ? HarmlessText.of(text) : text
        guard !text.isEmpty else { return }
        state.withLock { state in
            eraseStatus(&state)
            // Behind a note the line is ended already: one more end is a blank line.
            let follows = state.followsNote && text.hasPrefix("\n")
            add(answers, follows ? "\n" + text.drop { $0 == "\n" } : text, &state)
            state.isInsideLine = !text.hasSuffix("\n")
            state.followsNote = false
        }
    }

    /// Ends the answer's last line where it has no end.
    func endLine() {
        state.withLock { state in
            guard state.isInsideLine else { return }
            add(answers, "\n", &state)
            state.isInsideLine = false
        }
    }

    /// Writes lines for the person in front. They must be harmless: see `singleLine`.
    func note(_ text: String, _ tone: Tone = .plain) {
        state.withLock { state in
            eraseStatus(&state)
            partFromAnswer(&state)
            state.followsNote = abilities.areOne
            let isPlain = tone == .plain || !abilities.hasColors
            add(notes, isPlain ? "\(text)\n" : "\(tone.rawValue)\(text)\(Self.plainAgain)\n", &state)
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
            let width = (Descriptors.columns(of: notes) ?? 80) - 1
            let line = TerminalColumns.cut(text, to: width)
            let isPlain = !abilities.hasColors
            add(notes, Self.eraseLine + (isPlain ? line : Tone.faint.rawValue + line + Self.plainAgain), &state)
            state.hasStatus = true
        }
    }

    /// Waits until all of it is written.
    func flush() async {
        await withCheckedContinuation { continuation in
            if !queue.add(.mark(continuation)) { continuation.resume() }
        }
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
            case .mark(let continuation): continuation.resume()
            case .bytes(let descriptor, let bytes):
                let wasWritten = Descriptors.write(bytes, to: descriptor)
                let breaksNow = state.withLock { state in
                    state.waiting -= 1
                    guard !wasWritten, descriptor == answers, !state.isBroken else { return false }
                    state.isBroken = true
                    return true
                }
                if breaksNow { onBroken() }
            }
        }
    }
}
