/// Incremental parser for the parentheses after a link's text: a URL, and a quoted title. Fails at the first invalid
/// character, so that text that only looks like a link is shown literally.
struct LinkDestination: Sendable {
    enum Step {
        case goesOn
        /// The character was the closing parenthesis.
        case isWhole
        /// It isn't a link destination; the character is not consumed.
        case isNone
    }

    private enum Place {
        case beginning
        case address(depth: Int)
        case angle
        case angleEnd
        case blank
        case title(Unicode.Scalar)
        case titleEnd
    }

    private static let limit = 1000

    /// All consumed characters.
    private(set) var written: [Unicode.Scalar] = []
    private(set) var address: [Unicode.Scalar] = []
    /// With its quotes; empty if none.
    private(set) var title: [Unicode.Scalar] = []
    private var place = Place.beginning

    /// Processes the next character.
    mutating func append(_ scalar: Unicode.Scalar) -> Step {
        // Excluding these bounds the cost: text mistaken for a destination is parsed at most twice.
        guard written.count <= Self.limit, scalar != "[", scalar != "`" else { return .isNone }
        let step = advance(scalar)
        if case .goesOn = step { written.append(scalar) }
        return step
    }

    private mutating func advance(_ scalar: Unicode.Scalar) -> Step {
        let isBlank = Letters.isBlank(scalar)
        switch place {
        case .beginning:
            if isBlank { return .goesOn }
            // A quoted text is the argument of a function call.
            guard scalar != ")", scalar != "\"", scalar != "'" else { return .isNone }
            if scalar == "<" {
                place = .angle
            } else {
                place = .address(depth: 0)
                return advance(scalar)
            }
        case .address(let depth):
            if scalar == ")", depth == 0 { return .isWhole }
            if scalar == "<" || (isBlank && depth > 0) { return .isNone }
            if isBlank {
                place = .blank
            } else {
                address.append(scalar)
                place = .address(depth: depth + (scalar == "(" ? 1 : scalar == ")" ? -1 : 0))
            }
        case .angle:
            if scalar == "<" || (scalar == ">" && address.isEmpty) { return .isNone }
            if scalar == ">" { place = .angleEnd } else { address.append(scalar) }
        case .angleEnd, .titleEnd:
            if scalar == ")" { return .isWhole }
            guard isBlank else { return .isNone }
            // Only whitespace may follow a title.
            if title.isEmpty { place = .blank }
        case .blank:
            if scalar == ")" { return .isWhole }
            if isBlank { return .goesOn }
            guard scalar == "\"" || scalar == "'" else { return .isNone }
            title = [scalar]
            place = .title(scalar)
        case .title(let quote):
            if scalar == "<" { return .isNone }
            title.append(scalar)
            if scalar == quote { place = .titleEnd }
        }
        return .goesOn
    }
}
