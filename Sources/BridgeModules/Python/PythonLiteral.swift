/// Writes untrusted text as Python literals. All foreign text of a generated module passes through here, so none of it
/// can become code.
public enum PythonLiteral {
    /// Returns a string literal on one line that evaluates to exactly `text`. It is in single quotes if only double ones
    /// would need escapes.
    ///
    /// The literal's own quotes, backslashes and every invisible character (controls, bidirectional and zero-width
    /// formatting, tags, variation selectors, separators, unassigned and private code points) are escaped.
    public static func string(_ text: String) -> String {
        let scalars = text.unicodeScalars
        let quote: Unicode.Scalar = scalars.contains("\"") && !scalars.contains("'") ? "'" : "\""
        var literal = String.UnicodeScalarView([quote])
        appendEscaped(scalars, in: quote, to: &literal)
        literal.append(quote)
        return String(literal)
    }

    /// Returns a docstring in triple quotes. `ast.get_docstring` returns ``docstringText(_:)`` for it.
    ///
    /// - Parameter indentation: the number of spaces before every line but the first.
    public static func docstring(_ text: String, indentation: Int) -> String {
        let lines = docstringText(text).unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false)
        let margin = String(repeating: " ", count: indentation)
        var literal = "\"\"\""
        for (number, line) in lines.enumerated() {
            if number > 0 { literal += "\n" }
            if number > 0, !line.isEmpty { literal += margin }
            appendEscaped(line, in: "\"", to: &literal.unicodeScalars)
        }
        if lines.count > 1 { literal += "\n" + margin }
        literal.unicodeScalars.append(contentsOf: "\"\"\"".unicodeScalars)
        return literal
    }

    /// Returns `text` with the white space that Python's `inspect.cleandoc` would leave: line breaks as `\n`, a tab as
    /// four spaces, no blank around the lines' ends, no empty line at the ends, no common indentation from the second
    /// line on.
    public static func docstringText(_ text: String) -> String {
        var lines: [[Unicode.Scalar]] = [[]]
        var afterReturn = false
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\n" where afterReturn: break
            case "\n", "\r": lines.append([])
            case "\t": lines[lines.count - 1] += [" ", " ", " ", " "]
            default: lines[lines.count - 1].append(scalar)
            }
            afterReturn = scalar == "\r"
        }
        for place in lines.indices {
            while let last = lines[place].last, isBlank(last) { lines[place].removeLast() }
        }
        lines[0].removeFirst(lines[0].prefix(while: isBlank).count)
        let indentations = lines.dropFirst().filter { !$0.isEmpty }.map { $0.prefix(while: isBlank).count }
        if let margin = indentations.min(), margin > 0 {
            for place in lines.indices.dropFirst() { lines[place].removeFirst(min(margin, lines[place].count)) }
        }
        let last = lines.lastIndex { !$0.isEmpty } ?? -1
        var cleaned = String.UnicodeScalarView()
        for line in lines[...last].drop(while: \.isEmpty) {
            if !cleaned.isEmpty { cleaned.append("\n") }
            cleaned.append(contentsOf: line)
        }
        return String(cleaned)
    }

    /// Returns `text` with every invisible character spelled out (`\u200b`), so that nothing hidden reaches a reader.
    /// Line breaks and tabs stay, and so do joiners within words and the selectors of emoji.
    public static func visible(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        var previous: Unicode.Scalar?
        let scalars = text.unicodeScalars
        for place in scalars.indices {
            let scalar = scalars[place]
            let next = scalars.index(after: place)
            if scalar == "\n" || scalar == "\r" || scalar == "\t" || !isInvisible(scalar)
                || isOrthographic(scalar, between: previous, and: next < scalars.endIndex ? scalars[next] : nil)
            {
                result.append(scalar)
            } else {
                result.append(contentsOf: escape(scalar).unicodeScalars)
            }
            previous = scalar
        }
        return String(result)
    }

    /// Returns `text` as visible text on one line with single spaces, truncated to `limit` Unicode scalars.
    public static func line(_ text: String, limit: Int) -> String {
        // More than this can't matter, as white space collapses only once.
        let start = String(text.unicodeScalars.prefix(limit * 4 + 64))
        let words = start.unicodeScalars.split(whereSeparator: isBlank)
        var joined = String.UnicodeScalarView()
        for word in words {
            if !joined.isEmpty { joined.append(" ") }
            joined.append(contentsOf: word)
        }
        return visible(String(joined)).truncated(to: limit)
    }

    /// Whether a reader can't see `scalar`, or can't tell it from a space.
    static func isInvisible(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isASCII { return scalar.value < 0x20 || scalar.value == 0x7F }
        if scalar.properties.isDefaultIgnorableCodePoint { return true }
        return switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .spaceSeparator, .surrogate, .privateUse,
            .unassigned:
            true
        default: false
        }
    }

    /// Whether Python's `str.isspace` holds.
    private static func isBlank(_ scalar: Unicode.Scalar) -> Bool {
        (0x1C...0x1F).contains(scalar.value) || scalar.properties.isWhitespace
    }

    /// Whether an invisible character is part of the spelling: a joiner within a non-ASCII word or between emoji, or
    /// the selector of an emoji.
    private static func isOrthographic(
        _ scalar: Unicode.Scalar, between previous: Unicode.Scalar?, and next: Unicode.Scalar?
    ) -> Bool {
        guard let previous else { return false }
        switch scalar.value {
        case 0xFE0F: return previous.properties.isEmoji
        case 0x200C, 0x200D:
            return next.map { isJoined($0) && (isJoined(previous) || previous.value == 0xFE0F) } ?? false
        default: return false
        }
    }

    private static func isJoined(_ scalar: Unicode.Scalar) -> Bool {
        !scalar.isASCII && !isInvisible(scalar) && (scalar.properties.isXIDContinue || scalar.properties.isEmoji)
    }

    private static func appendEscaped(
        _ text: some Sequence<Unicode.Scalar>, in quote: Unicode.Scalar, to literal: inout String.UnicodeScalarView
    ) {
        for scalar in text {
            switch scalar {
            case quote, "\\":
                literal.append("\\")
                literal.append(scalar)
            case _ where isInvisible(scalar): literal.append(contentsOf: escape(scalar).unicodeScalars)
            default: literal.append(scalar)
            }
        }
    }

    private static func escape(_ scalar: Unicode.Scalar) -> String {
        switch scalar {
        case "\n": return "\\n"
        case "\r": return "\\r"
        case "\t": return "\\t"
        default: break
        }
        let (mark, width) =
            switch scalar.value {
            case ..<0x100: ("\\x", 2)
            case ..<0x10000: ("\\u", 4)
            default: ("\\U", 8)
            }
        let digits = String(scalar.value, radix: 16)
        return mark + String(repeating: "0", count: width - digits.count) + digits
    }
}

extension String {
    /// Returns the text if it has at most `limit` Unicode scalars, else its beginning with an ellipsis, `limit` in all.
    func truncated(to limit: Int) -> String {
        guard
            let end = unicodeScalars.index(
                unicodeScalars.startIndex, offsetBy: limit, limitedBy: unicodeScalars.endIndex),
            end < unicodeScalars.endIndex
        else { return self }
        return String(unicodeScalars.prefix(max(0, limit - 1))) + "…"
    }
}
