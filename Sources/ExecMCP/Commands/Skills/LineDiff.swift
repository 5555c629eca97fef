import ExecCore

/// What differs between two versions of a skill, as a unified diff.
struct LineDiff {
    private static let context = 3
    /// More changed lines than this are shown as removed and added, because finding the shortest diff takes time in
    /// proportion to their square.
    private static let maxLines = 3000

    private struct Line {
        let mark: String
        let text: Substring
    }

    /// Returns the diff of all files; empty if none. The lines of files start with a space, `-` or `+`, and no
    /// other line does.
    static func text(from old: SkillContent?, to new: SkillContent?) -> String {
        let before = Dictionary(uniqueKeysWithValues: (old?.files ?? []).map { ($0.path, $0.text) })
        let after = Dictionary(uniqueKeysWithValues: (new?.files ?? []).map { ($0.path, $0.text) })
        return Set(before.keys).union(after.keys).sorted().filter { path in
            // By bytes: to Swift, letters that are put together differently are equal.
            before[path].map { Array($0.utf8) } != after[path].map { Array($0.utf8) }
        }
        .map { path in file(path, before[path], after[path]) }.joined()
    }

    private static func file(_ path: String, _ old: String?, _ new: String?) -> String {
        let before = old == nil ? "(no such file)" : "approved/\(path)"
        let after = new == nil ? "(removed)" : "draft/\(path)"
        let head = "==== \(before) -> \(after) ===="
        return ([head] + hunks(of: lines(old ?? "", new ?? ""))).joined(separator: "\n") + "\n"
    }

    private static func split(_ text: String) -> [Substring] {
        // By scalars: to Swift, a carriage return with a line feed is one character.
        var lines = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).map { Substring($0) }
        if lines.last?.isEmpty == true {
            lines.removeLast()
        } else if !lines.isEmpty {
            lines[lines.count - 1] += "‹no line end›"
        }
        return lines
    }

    private static func lines(_ old: String, _ new: String) -> [Line] {
        let (before, after) = (split(old), split(new))
        let same = zip(before, after).prefix { $0.utf8.elementsEqual($1.utf8) }.count
        let rest = zip(before[same...].reversed(), after[same...].reversed())
        let end = rest.prefix { $0.utf8.elementsEqual($1.utf8) }.count
        let (first, second) = (before[same..<(before.count - end)], after[same..<(after.count - end)])
        return before[..<same].map { Line(mark: " ", text: $0) } + changes(Array(first), Array(second))
            + before[(before.count - end)...].map { Line(mark: " ", text: $0) }
    }

    private static func changes(_ old: [Substring], _ new: [Substring]) -> [Line] {
        guard old.count + new.count <= maxLines else {
            return old.map { Line(mark: "-", text: $0) } + new.map { Line(mark: "+", text: $0) }
        }
        let difference = new.difference(from: old) { $0.utf8.elementsEqual($1.utf8) }
        var (removed, inserted): (Set<Int>, Set<Int>) = ([], [])
        for change in difference {
            switch change {
            case .remove(let place, _, _): removed.insert(place)
            case .insert(let place, _, _): inserted.insert(place)
            }
        }
        var (lines, place): ([Line], Int) = ([], 0)
        for (number, text) in old.enumerated() {
            if removed.contains(number) {
                lines.append(Line(mark: "-", text: text))
                continue
            }
            while inserted.contains(place) {
                lines.append(Line(mark: "+", text: new[place]))
                place += 1
            }
            lines.append(Line(mark: " ", text: text))
            place += 1
        }
        return lines + new[place...].map { Line(mark: "+", text: $0) }
    }

    private static func hunks(of lines: [Line]) -> [String] {
        var shown = Set<Int>()
        for (number, line) in lines.enumerated() where line.mark != " " {
            shown.formUnion(max(0, number - context)...min(lines.count - 1, number + context))
        }
        var (text, last, before, after): ([String], Int, Int, Int) = ([], -1, 1, 1)
        for (number, line) in lines.enumerated() {
            if shown.contains(number) {
                if last != number - 1 || number == 0 {
                    text.append("@@ approved line \(before), draft line \(after) @@")
                }
                text.append(line.mark + line.text)
                last = number
            }
            if line.mark != "+" { before += 1 }
            if line.mark != "-" { after += 1 }
        }
        return text
    }
}
