/// An address of the web within a text, behind its `http://`: what would be marks elsewhere is part of it.
struct BareAddress: Sendable {
    /// Recognizes how one begins.
    struct Beginning: Sendable {
        private var count = 0

        /// Takes the next letter of the text.
        ///
        /// - Returns: whether an address has begun.
        mutating func take(_ scalar: Unicode.Scalar) -> Bool {
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

    /// What may be emphasis that ends behind the address, and what follows it. It is part of the address if that goes on.
    private(set) var tail: [Unicode.Scalar] = []
    /// The last letter before the tail.
    private(set) var last: Unicode.Scalar = "/"
    private var depth = 0

    /// Takes the next letter.
    ///
    /// - Parameter mayClose: whether a span is open that such a mark closes.
    /// - Returns: what is known to be part of the address; `nil` if it has ended before the letter.
    mutating func take(_ scalar: Unicode.Scalar, mayClose: (Unicode.Scalar) -> Bool) -> [Unicode.Scalar]? {
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
            // Some scripts go on without a blank.
            if !scalar.isASCII, let mark = tail.first, mayClose(mark) { return nil }
        }
        defer { (tail, last) = ([], scalar) }
        return tail + [scalar]
    }
}
