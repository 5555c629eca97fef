/// A deterministic automaton for a pattern: one step for each byte, whatever the pattern.
struct PatternAutomaton: Sendable {
    /// Most states. Few patterns that people write need more than a hundred.
    private static let maxStates = 1000
    private static let dead: Int32 = 0

    /// 256 next states for each state. State 0 is the one that nothing leaves, state 1 the first.
    private let next: [Int32]
    private let accepts: [Bool]

    init(_ node: PatternNode) throws(PatternError) {
        let automaton = NondeterministicAutomaton(node)
        var numbers: [[Int32]: Int32] = [[]: 0]
        var sets: [[Int32]] = [[]]
        var next = [Int32](repeating: 0, count: 256)
        var accepts = [false]
        func number(of set: [Int32]) -> Int32 {
            if let known = numbers[set] { return known }
            let number = Int32(sets.count)
            numbers[set] = number
            sets.append(set)
            accepts.append(set.contains(automaton.end))
            return number
        }
        _ = number(of: automaton.closure(of: [automaton.start]))
        var place = 1
        while place < sets.count {
            guard sets.count <= Self.maxStates else {
                throw PatternError(reason: "it is too ambiguous: matching it would take too much memory")
            }
            var row = [Int32](repeating: 0, count: 256)
            var known: [[Int32]: Int32] = [:]
            for byte in 0...255 {
                let targets = automaton.step(sets[place], UInt8(byte))
                guard !targets.isEmpty else { continue }
                if let number = known[targets] {
                    row[byte] = number
                } else {
                    let number = number(of: automaton.closure(of: targets))
                    known[targets] = number
                    row[byte] = number
                }
            }
            next += row
            place += 1
        }
        self.next = next
        self.accepts = accepts
    }

    /// Whether a match can start with a byte.
    func canStart(with byte: UInt8) -> Bool { next[256 + Int(byte)] != Self.dead }

    /// Returns where the longest match that starts at a place ends; `nil` if none.
    ///
    /// - Parameter isEnd: whether a match may end at a place.
    func longestMatch(
        in bytes: UnsafeBufferPointer<UInt8>, from start: Int, limit: Int, isEnd: (Int) -> Bool
    ) -> Int? {
        var (state, place): (Int32, Int) = (1, start)
        var found: Int?
        let end = min(bytes.count, start + limit)
        while place < end {
            state = next[Int(state) << 8 + Int(bytes[place])]
            guard state != Self.dead else { break }
            place += 1
            if accepts[Int(state)], isEnd(place) { found = place }
        }
        return found
    }

    /// Whether a match that starts at a place may go on after the text's end.
    func isAlive(in bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Bool {
        var state: Int32 = 1
        for byte in bytes[start...] {
            state = next[Int(state) << 8 + Int(byte)]
            guard state != Self.dead else { return false }
        }
        return true
    }
}

/// The automaton after Thompson, which the deterministic one is made of.
private struct NondeterministicAutomaton {
    private struct State {
        var set: ByteSet?
        var next: [Int32] = []
    }

    private var states: [State] = []
    private(set) var start: Int32 = 0
    private(set) var end: Int32 = 0

    init(_ node: PatternNode) {
        start = add()
        end = build(node, from: start)
    }

    private mutating func add() -> Int32 {
        states.append(State())
        return Int32(states.count - 1)
    }

    private mutating func link(_ from: Int32, _ target: Int32) { states[Int(from)].next.append(target) }

    /// Adds the states of a node after `start`; returns the last one.
    private mutating func build(_ node: PatternNode, from start: Int32) -> Int32 {
        switch node {
        case .byte(let set):
            let before = add()
            link(start, before)
            let after = add()
            states[Int(before)].set = set
            link(before, after)
            return after
        case .sequence(let parts):
            return parts.reduce(into: start) { $0 = build($1, from: $0) }
        case .choice(let parts):
            let after = add()
            for part in parts { link(build(part, from: start), after) }
            return after
        case .repeated(let part, let min, let max):
            var last = start
            for _ in 0..<min { last = build(part, from: last) }
            let after = add()
            guard let max else {
                let loop = add()
                link(last, loop)
                link(loop, after)
                link(build(part, from: loop), loop)
                return after
            }
            link(last, after)
            for _ in min..<Swift.max(min, max) {
                last = build(part, from: last)
                link(last, after)
            }
            return after
        }
    }

    func closure(of targets: [Int32]) -> [Int32] {
        var (seen, waiting) = (Set(targets), targets)
        while let place = waiting.popLast() {
            guard states[Int(place)].set == nil else { continue }
            for target in states[Int(place)].next where seen.insert(target).inserted { waiting.append(target) }
        }
        return seen.filter { states[Int($0)].set != nil || $0 == end }.sorted()
    }

    /// The states that a byte leads to, without those that need no byte.
    func step(_ set: [Int32], _ byte: UInt8) -> [Int32] {
        set.flatMap { place in
            states[Int(place)].set?.contains(byte) == true ? states[Int(place)].next : []
        }
    }
}
