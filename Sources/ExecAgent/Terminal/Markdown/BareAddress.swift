/// Incremental parser for a bare URL after its `http://`: characters that are Markdown elsewhere are part of it.
struct BareAddress: Sendable {
    /// Recognizes the start of a URL.
    struct Beginning: Sendable {
        private var count = 0

        /// Processes the next character of the text.
        ///
        /// - Returns: whether a URL has started.
        mutating func append(_ scalar: Unicode.Scalar) -> Bool {
            switch (count, scalar) {
            case (_, "h"): count = 1
            case (1, "t"), (2, "t"), (3, "p"), (4, "s"), (6, "/"): count += 1
            case (4, ":"), (5, ":"): count = 6
            case (7, "/"):
                count = 0
                return true
            default: count = 0
            }
            return false
        }
    }

    /// Characters that may close emphasis after the URL, and punctuation after them. They are part of the URL if it
    /// continues.
    private(set) var tail: [Unicode.Scalar] = []
    /// The last character before the tail.
    private(set) var last: Unicode.Scalar = "/"
    private var depth = 0

    /// Processes the next character.
    ///
    /// - Parameter mayClose: whether a span is open that such a delimiter closes.
    /// - Returns: what is known to be part of the URL; `nil` if it has ended before the character.
    mutating func append(_ scalar: Unicode.Scalar, mayClose: (Unicode.Scalar) -> Bool) -> [Unicode.Scalar]? {
        switch scalar {
        case "<", ">", "\"": return nil
        case "*", "_", "~":
            tail.append(scalar)
            return []
        case ".", ",", ":", ";", "!", "?":
            guard tail.isEmpty else {
                tail.append(scalar)
                return []
            }
        case "(", "[", "{": depth += 1
        case ")", "]", "}":
            guard depth > 0 else { return nil }
            depth -= 1
        default:
            if Letters.isBlank(scalar) { return nil }
            // Some scripts continue without a space.
            if !scalar.isASCII, let mark = tail.first, mayClose(mark) { return nil }
        }
        defer { (tail, last) = ([], scalar) }
        return tail + [scalar]
    }
}
