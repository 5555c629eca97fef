/// Exact values, found in a text by walking a tree of their bytes.
///
/// A value is found only where no word goes on: so a search starts at the beginnings of words, and needs none of the
/// links of the automaton after Aho and Corasick, which would have to be made again for every value that is added.
/// Adding a value takes a time in proportion to its length.
struct ValueTrie: Sendable {
    /// Values of fewer bytes are not searched for: they would be found everywhere.
    static let minLength = 4

    /// What an edge leads to: a node (from 0), or a value alone (its number, inverted).
    private struct Edges {
        private var keys: [UInt64] = [UInt64](repeating: .max, count: 64)
        private var targets: [Int32] = [Int32](repeating: 0, count: 64)
        private var count = 0

        static func key(_ node: Int32, _ byte: UInt8) -> UInt64 { UInt64(node) << 8 | UInt64(byte) }

        private func place(of key: UInt64) -> Int {
            let mask = keys.count - 1
            var place = Int(truncatingIfNeeded: (key &* 0x9E37_79B9_7F4A_7C15) >> 20) & mask
            while keys[place] != key, keys[place] != .max { place = (place + 1) & mask }
            return place
        }

        subscript(key: UInt64) -> Int32? {
            let place = place(of: key)
            return keys[place] == key ? targets[place] : nil
        }

        mutating func set(_ key: UInt64, _ target: Int32) {
            if count * 2 > keys.count { grow() }
            let place = place(of: key)
            if keys[place] == .max { count += 1 }
            keys[place] = key
            targets[place] = target
        }

        private mutating func grow() {
            let old = zip(keys, targets).filter { $0.0 != .max }
            keys = [UInt64](repeating: .max, count: keys.count * 2)
            targets = [Int32](repeating: 0, count: keys.count)
            for (key, target) in old {
                let place = place(of: key)
                keys[place] = key
                targets[place] = target
            }
        }
    }

    private var edges = Edges()
    /// The number of the value that ends at a node; -1 for none.
    private var terminals: [Int32] = [-1]
    /// All values, one after the other, and where each starts.
    private var arena: [UInt8] = []
    private var starts: [Int] = [0]
    /// What belongs to each value.
    private(set) var owners: [Int32] = []
    /// A bit for every two bytes that a value starts with.
    private var firstBytes = [UInt64](repeating: 0, count: 1024)

    /// How many values there are.
    var count: Int { owners.count }

    private func value(_ number: Int32) -> ArraySlice<UInt8> {
        arena[starts[Int(number)]..<starts[Int(number) + 1]]
    }

    /// Adds a value, unless it is there already.
    ///
    /// - Parameter owner: a number to find it by.
    mutating func insert(_ bytes: [UInt8], owner: Int32) {
        guard bytes.count >= Self.minLength else { return }
        let number = Int32(owners.count)
        var (node, place): (Int32, Int) = (0, 0)
        while place < bytes.count {
            let key = Edges.key(node, bytes[place])
            guard let target = edges[key] else {
                edges.set(key, ~number)
                return append(bytes, owner)
            }
            if target >= 0 {
                node = target
                place += 1
                continue
            }
            // A value alone: both go on from a new node.
            let other = value(~target)
            if other.elementsEqual(bytes) { return }
            let new = Int32(terminals.count)
            terminals.append(-1)
            edges.set(key, new)
            let next = other.startIndex + place + 1
            if next == other.endIndex {
                terminals[Int(new)] = ~target
            } else {
                edges.set(Edges.key(new, other[next]), target)
            }
            node = new
            place += 1
        }
        guard terminals[Int(node)] < 0 else { return }
        terminals[Int(node)] = number
        append(bytes, owner)
    }

    private mutating func append(_ bytes: [UInt8], _ owner: Int32) {
        arena += bytes
        starts.append(arena.count)
        owners.append(owner)
        let pair = Int(bytes[0]) << 8 | Int(bytes[1])
        firstBytes[pair >> 6] |= 1 << UInt64(pair & 63)
    }

    // MARK: - Search

    /// Calls `found` with the range of each value in a text, the longest one at each place, and its owner.
    func search(_ text: ScannedText, found: (Range<Int>, Int32) -> Void) {
        guard count > 0 else { return }
        let bytes = text.bytes
        firstBytes.withUnsafeBufferPointer { firstBytes in
            var place = 0
            let end = bytes.count - Self.minLength
            while place <= end {
                let pair = Int(bytes[place]) << 8 | Int(bytes[place + 1])
                guard firstBytes[pair >> 6] >> UInt64(pair & 63) & 1 == 1,
                    !bytes[place].isAlphanumeric || !text[place - 1].isAlphanumeric || text.isEscape(before: place),
                    let (length, number) = longest(text, place)
                else {
                    place += 1
                    continue
                }
                found(place..<place + length, owners[Int(number)])
                place += 1
            }
        }
    }

    private func longest(_ text: ScannedText, _ start: Int) -> (Int, Int32)? {
        var node: Int32 = 0
        var place = start
        var best: (Int, Int32)?
        while place < text.count, let target = edges[Edges.key(node, text.bytes[place])] {
            if target < 0 {
                let value = value(~target)
                let end = start + value.count
                if end <= text.count, text.bytes[start..<end].elementsEqual(value), Self.isEnd(text, end) {
                    best = (value.count, ~target)
                }
                break
            }
            node = target
            place += 1
            if terminals[Int(node)] >= 0, Self.isEnd(text, place) { best = (place - start, terminals[Int(node)]) }
        }
        return best
    }

    private static func isEnd(_ text: ScannedText, _ end: Int) -> Bool {
        !text[end].isAlphanumeric || !text[end - 1].isAlphanumeric
    }

    /// Whether a text that ends here could go on as a value that starts at a place.
    func isBeginning(_ text: ScannedText, from start: Int) -> Bool {
        guard count > 0, start < text.count, !text[start - 1].isAlphanumeric || !text[start].isAlphanumeric else {
            return false
        }
        var node: Int32 = 0
        var place = start
        while place < text.count {
            guard let target = edges[Edges.key(node, text.bytes[place])] else { return false }
            if target < 0 {
                let value = value(~target)
                return value.count > text.count - start && value.starts(with: text.bytes[start...])
            }
            node = target
            place += 1
        }
        return true
    }
}
