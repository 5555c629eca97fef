/// The difference between two texts in the unified format.
enum LineDifference {
    private static let context = 3
    /// Longer parts that differ are shown as replaced: comparing them would take long.
    private static let maxCompared = 1000

    private enum Line: Sendable {
        case same(Int, Int)
        case removed(Int)
        case added(Int)

        var isSame: Bool { if case .same = self { true } else { false } }
    }

    /// Returns the hunks that turn `before` into `after`; none if they are the same.
    static func hunks(from before: [String], to after: [String]) -> [String] {
        let lines = compared(before, after)
        var result: [String] = []
        var place = 0
        while let first = lines[place...].firstIndex(where: { !$0.isSame }) {
            let start = max(place, first - context)
            var end = first
            // Up to where more lines are the same than two contexts.
            var same = 0
            while end < lines.count, same <= 2 * context {
                same = lines[end].isSame ? same + 1 : 0
                end += 1
            }
            let last = min(end, end - same + context)
            result += hunk(lines[start..<last], before, after)
            place = last
        }
        return result
    }

    private static func hunk(_ lines: ArraySlice<Line>, _ before: [String], _ after: [String]) -> [String] {
        var (old, new): ((start: Int?, count: Int), (start: Int?, count: Int)) = ((nil, 0), (nil, 0))
        var text: [String] = []
        for line in lines {
            switch line {
            case .same(let one, let other):
                old = (old.start ?? one, old.count + 1)
                new = (new.start ?? other, new.count + 1)
                text.append(" " + before[one])
            case .removed(let one):
                old = (old.start ?? one, old.count + 1)
                text.append("-" + before[one])
            case .added(let other):
                new = (new.start ?? other, new.count + 1)
                text.append("+" + after[other])
            }
        }
        func range(_ part: (start: Int?, count: Int)) -> String {
            "\(part.start.map { $0 + 1 } ?? 0),\(part.count)"
        }
        return ["@@ -\(range(old)) +\(range(new)) @@"] + text
    }

    private static func compared(_ before: [String], _ after: [String]) -> [Line] {
        // By their bytes: canonically equivalent lines are different lines.
        func isSame(_ one: Int, _ other: Int) -> Bool { before[one].utf8.elementsEqual(after[other].utf8) }
        let shorter = min(before.count, after.count)
        let head = (0..<shorter).first { !isSame($0, $0) } ?? shorter
        let tail =
            (0..<(shorter - head)).first { !isSame(before.count - 1 - $0, after.count - 1 - $0) } ?? shorter - head
        let (old, new) = (head..<(before.count - tail), head..<(after.count - tail))
        var removed: Set<Int> = []
        var added: Set<Int> = []
        if old.count <= maxCompared, new.count <= maxCompared {
            for change in new.map({ Array(after[$0].utf8) }).difference(from: old.map { Array(before[$0].utf8) }) {
                switch change {
                case .remove(let offset, _, _): removed.insert(head + offset)
                case .insert(let offset, _, _): added.insert(head + offset)
                }
            }
        } else {
            (removed, added) = (Set(old), Set(new))
        }
        var lines: [Line] = []
        var (one, other) = (0, 0)
        while one < before.count || other < after.count {
            if removed.contains(one) {
                lines.append(.removed(one))
                one += 1
            } else if added.contains(other) {
                lines.append(.added(other))
                other += 1
            } else {
                lines.append(.same(one, other))
                (one, other) = (one + 1, other + 1)
            }
        }
        return lines
    }
}
