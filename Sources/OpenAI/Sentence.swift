/// What a sentence of a model says about what the model does: the words of ``IntroductionWords`` and where they stand.
struct Sentence {
    /// The sentence in lower case.
    private let text: String
    private let words: [String]
    private let clauses: [[String]]

    init(_ sentence: Substring) {
        text = sentence.lowercased()
        words = Self.words(text)
        clauses = Self.clauses(text)
    }

    static func words(_ text: some StringProtocol) -> [String] {
        text.split { !($0.isLetter || $0.isNumber || $0 == "'" || $0 == "’" || $0 == "-") }
            .map { String($0).replacing("’", with: "'") }
    }

    /// Splits a sentence at its punctuation, and before words that draw a conclusion.
    private static func clauses(_ text: String) -> [[String]] {
        let parts = text.split { ",;:—–，；：、。(){}".contains($0) }
        return parts.flatMap { part in
            words(part).reduce(into: [[String]]()) { clauses, word in
                if clauses.isEmpty || IntroductionWords.connectives.contains(word) {
                    clauses.append([word])
                } else {
                    clauses[clauses.count - 1].append(word)
                }
            }
        }
    }

    private func has(_ set: Set<String>) -> Bool { !set.isDisjoint(with: words) }

    /// Whether it contains one of these phrases.
    func mentions(_ phrases: [String]) -> Bool { phrases.contains(where: text.contains) }

    private static func mentions(_ phrases: [String], in words: [String]) -> Bool {
        phrases.contains { phrase in words.contains { $0.contains(phrase) } }
    }

    // MARK: - What it is

    var isQuestion: Bool {
        guard let last = text.last(where: { !"\"')”»*_ ".contains($0) }) else { return false }
        return "?？؟".contains(last) || IntroductionWords.questionEnds.contains { Self.trimmed(text).hasSuffix($0) }
    }

    /// Whether it speaks of the model or to the user.
    var addresses: Bool {
        has(IntroductionWords.own) || has(IntroductionWords.addressed)
            || mentions(IntroductionWords.actsWithin + IntroductionWords.addressedWithin)
            || IntroductionWords.questionEnds.contains { Self.trimmed(text).hasSuffix($0) }
    }

    /// Whether somebody's name and a colon begin it, as in a transcript.
    var isOfSpeaker: Bool {
        words.first.map { IntroductionWords.speakers.contains($0) && text.dropFirst($0.count).first == ":" } ?? false
    }

    /// Whether it denies something.
    var denies: Bool { has(IntroductionWords.denials) || mentions(IntroductionWords.denialsWithin) }

    /// Whether the model refuses to act.
    var refuses: Bool { Self.refuses(words) }

    private static func refuses(_ words: [String]) -> Bool {
        let set = Set(words)
        let lists = [IntroductionWords.denialsWithin, IntroductionWords.actsWithin, IntroductionWords.verbsWithin]
        if lists.allSatisfy({ mentions($0, in: words) }) { return true }
        if set.contains(where: { word in IntroductionWords.refusals.contains(where: word.hasPrefix) }) { return true }
        guard !IntroductionWords.denials.isDisjoint(with: set), !IntroductionWords.own.isDisjoint(with: set) else {
            return false
        }
        return set.contains { word in
            (IntroductionWords.verbs.contains(word) || IntroductionWords.freeVerbs.contains(word))
                && !IntroductionWords.perceptions.contains(word) || word == "do"
        }
    }

    /// Whether it announces words, or reports them.
    var tells: Bool {
        has(IntroductionWords.tellings) || has(IntroductionWords.shows) || namesForm
            || mentions(IntroductionWords.tellingsWithin + IntroductionWords.showsWithin)
    }

    /// Whether it names the form of something rather than the thing.
    var namesForm: Bool { has(IntroductionWords.forms) || mentions(IntroductionWords.formsWithin) }

    var isAboutCalls: Bool {
        has(IntroductionWords.topics) || namesForm || mentions(IntroductionWords.topicsWithin)
    }

    /// Whether it points at what follows.
    var presents: Bool {
        words.first.map(IntroductionWords.presenters.contains) ?? false
            || IntroductionWords.presentersWithin.contains(where: text.hasPrefix)
    }

    /// Whether it consists of a word or two and a number.
    var isNumbered: Bool { words.count <= 3 && words.last?.allSatisfy(\.isNumber) == true }

    /// Whether it only agrees, counts steps or labels a call.
    ///
    /// - Parameter isFirst: whether nothing precedes it.
    func isNeutral(isFirst: Bool) -> Bool {
        let label = Self.trimmed(text.filter { $0 != ":" && $0 != "：" && $0 != "*" })
        if isFirst, IntroductionWords.labels.contains(label) { return true }
        if IntroductionWords.agreementsWithin.contains(label) { return true }
        return !words.isEmpty
            && words.allSatisfy { word in
                IntroductionWords.agreements.contains(word) || word.allSatisfy(\.isNumber)
            } && words.contains { !$0.allSatisfy(\.isNumber) }
    }

    /// Whether it is a statement with a verb, as far as a few words show.
    var isStatement: Bool {
        has(IntroductionWords.finites) || words.first.map(IntroductionWords.subjects.contains) == true
            || words.first.map { IntroductionWords.verbs.contains($0) } == true && !has(IntroductionWords.addressed)
                && !has(IntroductionWords.demonstratives)
    }

    // MARK: - Acting

    /// The stance of a sentence of which a clause says that the model acts; `nil` if none does.
    var stanceOfActing: Introduction.Stance? {
        guard let acting = clauses.lastIndex(where: acts) else { return nil }
        let clause = clauses[acting...].flatMap { $0 }
        let isDenied =
            !IntroductionWords.denials.isDisjoint(with: clause)
            || Self.mentions(IntroductionWords.denialsWithin, in: clause)
        let isConditional =
            clauses.contains(where: Self.isCondition) || Self.isHypothetical(clause)
            || mentions(IntroductionWords.conditionalsWithin)
        if isDenied || isConditional || Self.refuses(clause) || clauses[..<acting].contains(where: Self.refuses) {
            return .shows
        }
        let isReport =
            has(IntroductionWords.tellings)
            || mentions(IntroductionWords.tellingsWithin + IntroductionWords.pastsWithin)
        return isReport || namesForm || !IntroductionWords.pasts.isDisjoint(with: clause) ? .unclear : .acts
    }

    /// Whether a clause says that the model acts.
    private func acts(_ clause: [String]) -> Bool {
        if Self.mentions(IntroductionWords.verbsWithin, in: clause),
            Self.mentions(IntroductionWords.actsWithin, in: clause)
                || clause.last.map({ IntroductionWords.endsWithin.contains(where: $0.hasSuffix) }) == true
        {
            return true
        }
        var words = clause[...]
        while let first = words.first, IntroductionWords.connectives.contains(first) || isFiller(first) {
            words.removeFirst()
        }
        guard let first = words.first else { return false }
        if IntroductionWords.gerunds.contains(first) {
            return IntroductionWords.others.isDisjoint(with: words) && !words.contains { $0.allSatisfy(\.isNumber) }
        }
        if IntroductionWords.firstPersons.contains(first) { return true }
        if first == "step" || ["schritt", "étape", "paso", "passo", "шаг"].contains(first) {
            let rest = words.dropFirst().drop { $0.allSatisfy(\.isNumber) }
            return rest.count < words.count - 1 && (rest.isEmpty || acts(["i"] + rest) || acts(Array(rest)))
        }
        for place in words.indices {
            let before = words[..<place]
            guard IntroductionWords.reports.isDisjoint(with: before),
                IntroductionWords.others.isDisjoint(with: before), IntroductionWords.shows.isDisjoint(with: before)
            else { break }
            for plan in IntroductionWords.plans where words[place...].starts(with: plan) {
                let rest = words[(place + plan.count)...].drop(while: isFiller)
                if let verb = rest.first, isVerb(verb, with: rest) { return true }
            }
            let isInverted = before.last.map(IntroductionWords.inversions.contains) ?? false
            if IntroductionWords.subjects.contains(words[place]), !isInverted {
                let rest = words[(place + 1)...].drop(while: isFiller)
                guard let verb = rest.first, isVerb(verb, with: rest) else { continue }
                if !IntroductionWords.perceptions.contains(verb) { return true }
            }
            // Other languages put the verb elsewhere in the clause.
            if IntroductionWords.freeSubjects.contains(words[place]) {
                let others = words[..<place] + words[(place + 1)...]
                if others.contains(where: IntroductionWords.freeVerbs.contains) { return true }
            }
        }
        return false
    }

    private func isFiller(_ word: String) -> Bool { IntroductionWords.fillers.contains(word) }

    private func isVerb(_ verb: String, with rest: ArraySlice<String>) -> Bool {
        // A model that writes a file acts; one that writes something else may only write it here.
        if verb == "write" {
            return !IntroductionWords.written.isDisjoint(with: rest) || rest.count == 1 && text.last != ":"
        }
        if verb == "take" || verb == "have" { return rest.contains("look") }
        return IntroductionWords.verbs.contains(verb)
    }

    /// Whether what it says depends on something, or isn't so.
    var isConditional: Bool {
        Self.isCondition(words) || Self.isHypothetical(words) || mentions(IntroductionWords.conditionalsWithin)
    }

    private static func isCondition(_ words: [String]) -> Bool {
        words.indices.contains { place in
            guard IntroductionWords.ifs.contains(words[place]) else { return false }
            // "Let me check if it exists."
            let before = place > 0 ? words[place - 1] : ""
            return !IntroductionWords.verbs.contains(before) && !IntroductionWords.freeVerbs.contains(before)
                && before != "out"
        }
    }

    private static func isHypothetical(_ words: [String]) -> Bool {
        words.indices.contains { place in
            let word = words[place]
            let isWish = words[(place + 1)...].first == "like"
            if IntroductionWords.conditionals.contains(word) { return !isWish }
            return word.count > 5 && ["rais", "rait", "ría"].contains(where: word.hasSuffix)
        }
    }

    private static func trimmed(_ text: String) -> String {
        let isEnd: (Character) -> Bool = { $0.isWhitespace || ".!?…。！？．:：\"')”»*_`".contains($0) }
        return String(text.reversed().drop(while: isEnd).reversed())
    }
}
