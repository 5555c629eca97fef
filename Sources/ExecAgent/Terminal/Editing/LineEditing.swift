/// The state of a line of input and the effect of each key on it. Independent of the terminal.
struct LineEditing: Sendable {
    /// What the caller must do after a key.
    enum Outcome: Sendable, Equatable {
        case edited
        /// The line is complete; the buffer is empty again.
        case submitted(String)
        /// End of input.
        case ended
        /// Ctrl-C in an empty line.
        case interrupted
        case complete
        /// A paste was truncated.
        case pasteCut
        case suspend
        case quit
        case clearScreen
    }

    /// A search through the history.
    struct Search: Sendable, Equatable {
        var text = ""
        /// The position of the entry found; `nil` for none.
        var place: Int?
        var hasFailed = false
        /// The line before the search.
        let before: EditBuffer
    }

    private enum Direction { case forward, backward }

    private(set) var line = EditBuffer()
    private(set) var search: Search?
    private var history: InputHistory
    private var killed = ""
    /// Whether the last key killed text; consecutive kills accumulate.
    private var isKilling = false

    init(history: InputHistory = InputHistory()) {
        self.history = history
    }

    mutating func handle(_ key: Key) -> Outcome {
        let wasKilling = isKilling
        isKilling = false
        if search != nil, let outcome = handleInSearch(key) { return outcome }
        switch key {
        case .text(let text), .paste(let text): line.insert(text)
        case .pasteCut: return .pasteCut
        case .newline: line.insert("\n")
        case .enter: return enter()
        case .tab: return .complete
        case .escape: break
        case .control(let letter): return control(letter, wasKilling)
        case .alt(let letter): alt(letter, wasKilling)
        case .backspace: line.delete(to: line.cursor - 1)
        case .delete: line.delete(to: line.cursor + 1)
        case .deleteWord: kill(to: line.previousWord, .backward, wasKilling)
        case .deleteNextWord: kill(to: line.nextWord, .forward, wasKilling)
        case .left: line.move(to: line.cursor - 1)
        case .right: line.move(to: line.cursor + 1)
        case .wordLeft: line.move(to: line.previousWord)
        case .wordRight: line.move(to: line.nextWord)
        case .home: line.move(to: line.lineStart)
        case .end: line.move(to: line.lineEnd)
        case .up: if let above = line.above { line.move(to: above) } else { step(-1) }
        case .down: if let below = line.below { line.move(to: below) } else { step(1) }
        }
        return .edited
    }

    /// Replaces the last `count` characters before the cursor.
    mutating func replace(last count: Int, with text: String) {
        line.delete(to: line.cursor - count)
        line.insert(text)
    }

    /// Adds a submitted line to the history.
    ///
    /// - Returns: whether it must be stored in the history file.
    mutating func remember(_ text: String) -> Bool {
        history.add(text)
    }

    private mutating func enter() -> Outcome {
        // As in a shell, a trailing backslash continues the line.
        if line.isAtEnd, line.characters.last == "\\" {
            replace(last: 1, with: "\n")
            return .edited
        }
        let text = line.text
        line = EditBuffer()
        history.leave()
        return .submitted(text)
    }

    private mutating func control(_ letter: Character, _ wasKilling: Bool) -> Outcome {
        switch letter {
        case "A": line.move(to: line.lineStart)
        case "E": line.move(to: line.lineEnd)
        case "B": line.move(to: line.cursor - 1)
        case "F": line.move(to: line.cursor + 1)
        case "P": return handle(.up)
        case "N": return handle(.down)
        case "C":
            guard !line.isEmpty else { return .interrupted }
            line = EditBuffer()
            history.leave()
        case "D":
            guard !line.isEmpty else { return .ended }
            line.delete(to: line.cursor + 1)
        case "K":
            // At the end of a line, kill the line break.
            kill(to: line.lineEnd == line.cursor ? line.cursor + 1 : line.lineEnd, .forward, wasKilling)
        case "U":
            kill(to: line.lineStart == line.cursor ? line.cursor - 1 : line.lineStart, .backward, wasKilling)
        case "W": kill(to: line.previousBlank, .backward, wasKilling)
        case "Y": line.insert(killed)
        case "T": line.transpose()
        case "L": return .clearScreen
        case "R", "S": search = Search(before: line)
        case "Z": return .suspend
        case "\\": return .quit
        default: break
        }
        return .edited
    }

    private mutating func alt(_ letter: Character, _ wasKilling: Bool) {
        switch letter {
        case "b", "B": line.move(to: line.previousWord)
        case "f", "F": line.move(to: line.nextWord)
        case "d", "D": kill(to: line.nextWord, .forward, wasKilling)
        case "<": show(history.toOldest(leaving: line.text))
        case ">": show(history.toNewest(leaving: line.text))
        default: break
        }
    }

    private mutating func kill(to place: Int, _ direction: Direction, _ wasKilling: Bool) {
        let text = line.delete(to: place)
        isKilling = true
        guard wasKilling else {
            killed = text
            return
        }
        killed = direction == .forward ? killed + text : text + killed
    }

    // MARK: History

    private mutating func step(_ step: Int) {
        show(history.step(step, leaving: line.text))
    }

    private mutating func show(_ entry: String?) {
        if let entry { line = EditBuffer(entry) }
    }

    /// - Returns: `nil` if the search has ended and the key is still to be handled by the line.
    private mutating func handleInSearch(_ key: Key) -> Outcome? {
        switch key {
        case .text(let text), .paste(let text):
            // Search after each character, even if several arrive at once: a match of the first ones is kept.
            for letter in text {
                search?.text.append(letter)
                find(from: search?.place, step: -1)
            }
        case .backspace:
            guard search?.text.isEmpty == false else { break }
            search?.text.removeLast()
            search?.place = nil
            find(from: nil, step: -1)
        case .control("R"): find(from: search?.place.map { $0 - 1 }, step: -1)
        case .control("S"): find(from: search?.place.map { $0 + 1 }, step: 1)
        case .control("C"), .control("G"):
            if let before = search?.before { line = before }
            search = nil
        case .escape: endSearch()
        case .pasteCut: return .pasteCut
        case .control("Z"), .control("\\"), .control("L"): return control(letter(of: key), false)
        default:
            endSearch()
            return nil
        }
        return .edited
    }

    private func letter(of key: Key) -> Character {
        if case .control(let letter) = key { letter } else { " " }
    }

    private mutating func find(from start: Int?, step: Int) {
        guard let text = search?.text, !text.isEmpty else {
            search?.hasFailed = false
            return
        }
        let place = history.find(text, from: start, step: step)
        search?.hasFailed = place == nil
        guard let place else { return }
        search?.place = place
        line = EditBuffer(history.entry(at: place))
    }

    /// Keeps the entry found; Up and Down continue from there.
    private mutating func endSearch() {
        if let search, let place = search.place {
            line = EditBuffer(history.look(at: place, leaving: search.before.text))
        }
        search = nil
    }
}
