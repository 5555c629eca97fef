/// What stands in parentheses behind a link's text: an address, and a title in quotes. Takes it letter by letter, and
/// says at once where it can be none, so that what only looks like it stays as it is written.
struct LinkDestination: Sendable {
    enum Step {
        case goesOn
        /// The letter was the parenthesis that ends it.
        case isWhole
        /// It is none, and the letter is not taken.
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

    /// All that was taken.
    private(set) var written: [Unicode.Scalar] = []
    private(set) var address: [Unicode.Scalar] = []
    /// With its quotes; empty where there is none.
    private(set) var title: [Unicode.Scalar] = []
    private var place = Place.beginning

    /// Takes the next letter.
    mutating func take(_ scalar: Unicode.Scalar) -> Step {
        // Without these, what is taken for one is read no more than twice.
        guard written.count <= Self.limit, scalar != "[", scalar != "`" else { return .isNone }
        let step = goOn(scalar)
        if case .goesOn = step { written.append(scalar) }
        return step
    }

    private mutating func goOn(_ scalar: Unicode.Scalar) -> Step {
        let isBlank = Letters.isBlank(scalar)
        switch place {
        case .beginning:
            if isBlank { return .goesOn }
            // What is quoted is an argument of a call.
            guard scalar != ")", scalar != "\"", scalar != "'" else { return .isNone }
            if scalar == "<" {
                place = .angle
            } else {
                place = .address(depth: 0)
                return goOn(scalar)
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
            // Behind a title there are but blanks.
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
