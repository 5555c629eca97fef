/// Text as the words that a search compares.
enum SearchWords {
    private static let maxWordLength = 40

    /// Returns the words of `text` in lower case: split at anything that isn't a letter or digit, and within
    /// `camelCase`; without a plural's `s`. Each ideograph is a word.
    ///
    /// - Parameter limit: the maximum number of words.
    static func words(of text: String, limit: Int) -> [String] {
        var words: [String] = []
        var word = String.UnicodeScalarView()
        var previous: Unicode.Scalar?
        func finish() {
            if !word.isEmpty { words.append(stem(String(word).lowercased())) }
            word = String.UnicodeScalarView()
        }
        for scalar in text.unicodeScalars {
            guard words.count < limit else { break }
            if scalar.properties.isIdeographic {
                finish()
                words.append(String(Character(scalar)))
            } else if isWordCharacter(scalar) {
                if scalar.properties.isUppercase, previous?.properties.isLowercase == true { finish() }
                if word.count < maxWordLength { word.append(scalar) }
            } else {
                finish()
            }
            previous = scalar
        }
        if words.count < limit { finish() }
        return words
    }

    private static func isWordCharacter(_ scalar: Unicode.Scalar) -> Bool {
        scalar.isASCII
            ? ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar) || ("0"..."9").contains(scalar)
            : scalar.properties.isAlphabetic || scalar.properties.numericType != nil
    }

    /// Returns the word without a plural's ending, so that `commits` finds `commit`.
    private static func stem(_ word: String) -> String {
        guard word.utf8.count > 3, word.hasSuffix("s"), !word.hasSuffix("ss"), !word.hasSuffix("us") else {
            return word
        }
        if word.hasSuffix("ies"), word.utf8.count > 4 { return word.dropLast(3) + "y" }
        if word.hasSuffix("ches") || word.hasSuffix("shes") || word.hasSuffix("xes") { return String(word.dropLast(2)) }
        return String(word.dropLast())
    }
}
