/// Finds many byte strings in a text at once, in time linear in the text (Aho-Corasick).
struct PatternMatcher: Sendable {
    /// An occurrence.
    struct Match: Sendable {
        /// Which pattern, in the order given.
        let pattern: Int
        /// Where it is.
        let range: Range<Int>
    }

    private struct Node: Sendable {
        /// The node of the longest proper suffix that begins a pattern.
        var suffix = 0
        /// The longest pattern that ends here; `nil` for none.
        var pattern: Int?
    }

    /// Children by node and byte.
    private var children: [Int: Int] = [:]
    private var nodes = [Node()]
    private let lengths: [Int]
    /// Which pairs of bytes begin a pattern, one bit each: most places of a text begin none.
    private var beginnings = [UInt64](repeating: 0, count: 1024)

    /// - Parameter patterns: none may be shorter than two bytes. Of equal ones, the first counts.
    init(_ patterns: [[UInt8]]) {
        lengths = patterns.map(\.count)
        for pattern in patterns {
            let pair = Int(pattern[0]) << 8 | Int(pattern[1])
            beginnings[pair >> 6] |= 1 << UInt64(pair & 63)
        }
        for (number, pattern) in patterns.enumerated() { add(pattern, number) }
        link()
    }

    private static func key(_ node: Int, _ byte: UInt8) -> Int { node << 8 | Int(byte) }

    private mutating func add(_ pattern: [UInt8], _ number: Int) {
        var node = 0
        for byte in pattern {
            if let next = children[Self.key(node, byte)] {
                node = next
            } else {
                nodes.append(Node())
                children[Self.key(node, byte)] = nodes.count - 1
                node = nodes.count - 1
            }
        }
        if node != 0, nodes[node].pattern == nil { nodes[node].pattern = number }
    }

    /// Links each node to its suffix, level by level.
    private mutating func link() {
        var edges: [(parent: Int, byte: UInt8, child: Int)] = children.map {
            (parent: $0.key >> 8, byte: UInt8(truncatingIfNeeded: $0.key), child: $0.value)
        }
        // A child is always created after its parent, but a suffix may be created later: order by depth.
        var depth = [Int](repeating: 0, count: nodes.count)
        edges.sort { $0.child < $1.child }
        for edge in edges { depth[edge.child] = depth[edge.parent] + 1 }
        edges.sort { depth[$0.child] < depth[$1.child] }
        for edge in edges where edge.parent != 0 {
            let suffix = next(nodes[edge.parent].suffix, edge.byte)
            nodes[edge.child].suffix = suffix
            if nodes[edge.child].pattern == nil { nodes[edge.child].pattern = nodes[suffix].pattern }
        }
    }

    private func next(_ node: Int, _ byte: UInt8) -> Int {
        var node = node
        while true {
            if let next = children[Self.key(node, byte)] { return next }
            if node == 0 { return 0 }
            node = nodes[node].suffix
        }
    }

    /// Returns the longest pattern that ends at each place where one does, in the order of their ends.
    func matches(in text: [UInt8]) -> [Match] {
        var matches: [Match] = []
        var node = 0
        for (place, byte) in text.enumerated() {
            if node == 0 {
                guard place + 1 < text.count else { break }
                let pair = Int(byte) << 8 | Int(text[place + 1])
                if beginnings[pair >> 6] & 1 << UInt64(pair & 63) == 0 { continue }
            }
            node = next(node, byte)
            if let pattern = nodes[node].pattern {
                matches.append(Match(pattern: pattern, range: place + 1 - lengths[pattern]..<place + 1))
            }
        }
        return matches
    }
}
