/// The values that are searched for in every text, however they are spelled.
struct ValueRegistry: Sendable {
    /// A value, in whichever of its spellings.
    private struct Value: Hashable {
        let kind: PrivateDataKind
        let normalized: ByteKey

        init(_ bytes: [UInt8], _ kind: PrivateDataKind) {
            self.kind = kind
            normalized = ByteKey(Normalization.normalized(bytes, kind: kind))
        }

        // Kinds are few.
        func hash(into hasher: inout Hasher) { normalized.hash(into: &hasher) }
    }

    private let capacity: Int
    private var trie = ValueTrie()
    private var digits = DigitIndex()
    private var numbers: [Value: Int32] = [:]
    /// The kind of each value, by its number.
    private var kinds: [PrivateDataKind] = []
    /// The servers that may get each value, by its number; `nil` for those that the sandbox may have.
    private var servers: [Set<String>?] = []
    private var known: Set<ByteKey> = []
    private var hasEmails = false
    /// Whether a value was ever inserted that doesn't enter the sandbox.
    private(set) var hasRestricted = false
    /// How often it was changed.
    private(set) var revision = 0
    /// All servers that may get a value that doesn't enter the sandbox.
    private(set) var recipients: Set<String> = []

    /// - Parameter capacity: how many values it takes, each spelling counted that was inserted.
    init(capacity: Int) {
        self.capacity = capacity
    }

    /// How many values it has.
    var count: Int { kinds.count }

    /// Whether it takes no more values.
    var isFull: Bool { known.count >= capacity }

    /// Adds a value in all its spellings, unless it is full.
    ///
    /// - Parameter servers: the servers that may get it, if it isn't to enter the sandbox; `nil` if the sandbox has it,
    ///   which is for good.
    mutating func insert(_ value: [UInt8], kind: PrivateDataKind, servers: Set<String>? = nil) {
        let bytes = ByteKey(value)
        // Most values are seen again and again.
        if servers == nil, !hasRestricted, known.contains(bytes) { return }
        revision += 1
        let key = Value(value, kind)
        if let number = numbers[key].map({ Int($0) }) {
            self.servers[number] = servers.flatMap { self.servers[number]?.union($0) }
        }
        if let servers {
            hasRestricted = true
            recipients.formUnion(servers)
        }
        guard !isFull, known.insert(bytes).inserted else { return }
        let number = numbers[key] ?? Int32(kinds.count)
        if numbers[key] == nil {
            numbers[key] = number
            kinds.append(kind)
            hasEmails = hasEmails || kind == .email
            self.servers.append(servers)
        }
        Spellings.forEach(of: value, kind: kind) { trie.insert($0, owner: number) }
        if kind == .phone || kind == .ssn || kind == .card { digits.insert(value, owner: number) }
    }

    /// Returns the values in a text; they may overlap.
    ///
    /// - Parameter isRecognized: whether the values were recognized that have their form.
    func values(in text: ScannedText, isRecognized: Bool = false) -> [DetectedValue] {
        var values: [DetectedValue] = []
        let found = { (range: Range<Int>, number: Int32) in
            guard servers[Int(number)] != nil || !isOther(kinds[Int(number)], range, text) else { return }
            values.append(DetectedValue(range: range, kind: kinds[Int(number)], servers: servers[Int(number)]))
        }
        trie.search(text, found: found)
        digits.search(text, found: found)
        if hasEmails, !isRecognized { findEmails(in: text, found: found) }
        return values
    }

    /// Finds addresses with capitals in other places than they had.
    private func findEmails(in text: ScannedText, found: (Range<Int>, Int32) -> Void) {
        for place in 0..<text.count where text.bytes[place] == UInt8(ascii: "@") {
            guard let range = EmailDetector.match(in: text, sign: place, signLength: 1),
                let number = numbers[Value(Array(text.bytes[range]), .email)]
            else { continue }
            found(range, number)
        }
    }

    /// Whether what has the form of a value that anything may have is something else by what is beside it: a version, a
    /// fraction, the number of an order. Wherever such a value was recognized, it isn't one here.
    private func isOther(_ kind: PrivateDataKind, _ range: Range<Int>, _ text: ScannedText) -> Bool {
        switch kind {
        case .ip: return IPAddressDetector.isVersion(text, range.lowerBound)
        case .phone, .ssn:
            guard text.bytes[range].allSatisfy(\.isDigit) else { return false }
            let (sign, before) = (text[range.lowerBound - 1], text[range.lowerBound - 2])
            return sign == UInt8(ascii: ".") && before.isDigit
                || sign == UInt8(ascii: "-") && (before.isUppercaseLetter || before.isDigit)
        default: return false
        }
    }

    /// Returns the servers that may get a value, if it isn't to enter the sandbox; `nil` if it may, or isn't known.
    func servers(of value: [UInt8], kind: PrivateDataKind) -> Set<String>? {
        !hasRestricted ? nil : numbers[Value(value, kind)].flatMap { servers[Int($0)] }
    }

    /// Whether a text that ends here could go on as a value that starts at a place.
    func isBeginning(_ text: ScannedText, from start: Int) -> Bool { trie.isBeginning(text, from: start) }
}
