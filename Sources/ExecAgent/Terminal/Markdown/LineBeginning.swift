/// The kind of a Markdown line, determined by its start.
enum LineBeginning: Equatable {
    /// The context that the kind depends on besides the line itself.
    struct Context {
        /// Whether the line is complete.
        var isWhole = false
        /// Whether indented code may start here.
        var allowsIndentedCode = false
        /// Whether the line started with a list marker.
        var isInItem = false
        /// Whether it follows a line of text, so that it may be that line's setext underline.
        var followsText = false
    }

    case blank
    case text
    /// `marks` characters of markers and spaces, then the title.
    case heading(level: Int, marks: Int)
    case rule
    case bullet(marks: Int)
    case numbered(marks: Int)
    case task(isDone: Bool, marks: Int)
    case quote(marks: Int)
    case fence(mark: Unicode.Scalar, count: Int)
    /// A row of a table; only recognized once the line is complete.
    case row
    case indentedCode

    /// Maximum length of a line of markers; a longer one is text.
    private static let limit = 400
    private static let rowLimit = 16 << 10

    /// - Parameter letters: the start of the line, without its end.
    /// - Returns: `nil` if it is still ambiguous.
    static func of(_ letters: ArraySlice<Unicode.Scalar>, _ context: Context) -> LineBeginning? {
        let indent = letters.prefix { $0 == " " || $0 == "\t" }
        let rest = letters.dropFirst(indent.count)
        guard let first = rest.first else { return context.isWhole ? .blank : indent.count > limit ? .text : nil }
        if context.allowsIndentedCode, indent.count >= 4 || indent.contains("\t") { return .indentedCode }
        guard rest.count <= (first == "|" ? rowLimit : limit) else { return .text }
        let known = beginning(rest, first, context)
        return known ?? (context.isWhole ? .text : nil)
    }

    private static func beginning(
        _ rest: ArraySlice<Unicode.Scalar>, _ first: Unicode.Scalar, _ context: Context
    ) -> LineBeginning? {
        let run = rest.prefix { $0 == first }.count
        let next = rest.dropFirst(run).first
        switch first {
        case "#":
            guard run <= 6 else { return .text }
            guard let next else { return nil }
            return next == " " || next == "\t" ? .heading(level: run, marks: run + 1) : .text
        case "`", "~":
            guard next != nil || context.isWhole else { return nil }
            guard run >= 3, first != "`" || !rest.dropFirst(run).contains("`") else { return .text }
            return context.isWhole ? .fence(mark: first, count: run) : nil
        case "-", "*", "_", "+", "=": return lineOfMarks(rest, first, context)
        case ">":
            guard rest.count > 1 || context.isWhole else { return nil }
            return .quote(marks: rest.dropFirst().first == " " ? 2 : 1)
        case "|":
            return context.isWhole ? .row : nil
        case "[" where context.isInItem: return task(rest)
        case "0"..."9":
            let digits = rest.prefix(while: Letters.isDigit).count
            guard digits <= 9 else { return .text }
            let mark = rest.dropFirst(digits)
            guard let sign = mark.first else { return nil }
            guard sign == "." || sign == ")" else { return .text }
            guard let blank = mark.dropFirst().first else { return nil }
            return blank == " " ? .numbered(marks: digits + 2) : .text
        default: return .text
        }
    }

    private static func lineOfMarks(
        _ rest: ArraySlice<Unicode.Scalar>, _ first: Unicode.Scalar, _ context: Context
    ) -> LineBeginning? {
        let isBullet = "-*+".unicodeScalars.contains(first) && (rest.dropFirst().first.map { $0 == " " } ?? false)
        let mayBeRule = first != "+" && rest.allSatisfy { $0 == first || $0 == " " }
        if context.isWhole {
            let count = rest.count { $0 == first }
            if mayBeRule, count >= (first == "=" ? 2 : 3), first != "=" || context.followsText { return .rule }
            if first == "-", context.followsText, mayBeRule, count == 2 { return .rule }
            return isBullet ? .bullet(marks: 2) : .text
        }
        if first == "=" && !context.followsText { return .text }
        if mayBeRule || rest.count == 1 { return nil }
        return isBullet ? .bullet(marks: 2) : .text
    }

    private static func task(_ rest: ArraySlice<Unicode.Scalar>) -> LineBeginning? {
        let box = Array(rest.prefix(4))
        for (sign, isDone) in [(" ", false), ("x", true), ("X", true)] {
            let whole = Array("[\(sign)] ".unicodeScalars)
            if box == whole { return .task(isDone: isDone, marks: 4) }
            if whole.starts(with: box) { return nil }
        }
        return .text
    }
}
