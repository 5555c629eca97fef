/// Turns text into the characters of a Python identifier.
///
/// Python compares identifiers in normalization form NFKC, so the result is in that form. The tables for all of NFKC
/// would be larger than everything else here: characters that have another form are folded if an identifier might
/// plausibly contain them (full-width and mathematical letters, ligatures, small digits, combining accents), and the
/// others become `_`.
enum IdentifierText {
    /// Characters that are newer than this major version of Unicode become `_`: older Pythons don't know them.
    private static let newestUnicode = 12

    /// Returns the identifier characters of `text`, with `_` for all others. May be empty or start with a digit.
    static func fold(_ text: some Sequence<Unicode.Scalar>) -> String {
        var result: [Unicode.Scalar] = []
        for scalar in text {
            if scalar.isASCII {
                result.append(isASCIIWord(scalar) ? scalar : "_")
            } else if let folded = compatible(scalar) {
                result += folded
            } else if let last = result.last, let composed = Compositions.compose(last, scalar) {
                result[result.count - 1] = composed
            } else {
                result.append(isStable(scalar, after: result.last) ? scalar : "_")
            }
        }
        var view = String.UnicodeScalarView()
        view.append(contentsOf: result)
        return String(view)
    }

    static func isASCIIWord(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "a"..."z", "A"..."Z", "0"..."9", "_": true
        default: false
        }
    }

    /// Returns the identifier characters that `scalar` is a mere variant of, or `nil`.
    private static func compatible(_ scalar: Unicode.Scalar) -> [Unicode.Scalar]? {
        let value = scalar.value
        let plain: UInt32? =
            switch value {
            case 0xFF10...0xFF19, 0xFF21...0xFF3A, 0xFF3F, 0xFF41...0xFF5A: value - 0xFEE0
            case 0x1D400...0x1D6A3: letter((value - 0x1D400) % 52)
            case 0x1D7CE...0x1D7FF: 0x30 + (value - 0x1D7CE) % 10
            case 0x24B6...0x24E9: letter(value - 0x24B6)
            case 0x2460...0x2468: 0x31 + value - 0x2460
            case 0x2070, 0x2074...0x2079: 0x30 + value - 0x2070
            case 0x2080...0x2089: 0x30 + value - 0x2080
            default: nil
            }
        if let plain { return Unicode.Scalar(plain).map { [$0] } }
        return variants[scalar]
    }

    private static func letter(_ number: UInt32) -> UInt32 { number < 26 ? 0x41 + number : 0x61 + number - 26 }

    /// A character, and what it stands for.
    private static let variants: [Unicode.Scalar: [Unicode.Scalar]] = {
        let pairs = """
            \u{B9}1 \u{B2}2 \u{B3}3 \u{AA}a \u{BA}o \u{B5}\u{3BC} \u{17F}s \u{2071}i \u{207F}n \u{2102}C \u{210A}g \
            \u{210E}h \u{2115}N \u{2119}P \u{211A}Q \u{211D}R \u{2124}Z \u{2116}No \u{2122}TM \u{2126}\u{3A9} \
            \u{212A}K \u{212B}\u{C5} \u{3F4}\u{398} \u{FB00}ff \u{FB01}fi \u{FB02}fl \u{FB03}ffi \u{FB04}ffl \
            \u{FB05}st \u{FB06}st \u{132}IJ \u{133}ij
            """
        var table: [Unicode.Scalar: [Unicode.Scalar]] = [:]
        for pair in pairs.unicodeScalars.split(separator: " ") {
            if let variant = pair.first { table[variant] = Array(pair.dropFirst()) }
        }
        return table
    }()

    /// Whether `scalar` is an identifier character that normalization leaves alone after `previous`.
    private static func isStable(_ scalar: Unicode.Scalar, after previous: Unicode.Scalar?) -> Bool {
        guard isNormalized(scalar) else { return false }
        // Conjoining jamo, which normalization composes to syllables.
        if (0x1100...0x11FF).contains(scalar.value) { return false }
        // Scripts beyond the first plane compose vowel signs in ways that the table doesn't have.
        if scalar.value > 0x10FFF, scalar.properties.generalCategory == .spacingMark { return false }
        let order = scalar.properties.canonicalCombiningClass.rawValue
        guard order != 0 else { return true }
        // Accents are composed with their letter or not at all. Vowel signs and the like stay, in canonical order.
        guard (7..<200).contains(order), scalar.value <= 0x10FFF, let previous, !Compositions.isComposed(previous)
        else { return false }
        return previous.properties.canonicalCombiningClass.rawValue <= order
    }

    /// Whether `scalar` on its own is an identifier character in form NFKC.
    ///
    /// The standard library tells which characters form NFKC with case folding changes. A capital letter is one of them
    /// because of its case alone if its small letter isn't.
    static func isNormalized(_ scalar: Unicode.Scalar) -> Bool {
        let properties = scalar.properties
        guard properties.isXIDContinue, let age = properties.age, age.major <= newestUnicode else { return false }
        // The katakana middle dots became identifier characters only in Unicode 15.1.
        if scalar == "\u{30FB}" || scalar == "\u{FF65}" { return false }
        if !properties.changesWhenNFKCCaseFolded { return true }
        switch scalar {
        // Folded to more than their small letter.
        case "ß", "ẞ", "ς", "İ": return true
        // In other forms: the ohm, kelvin and ångström signs, and a variant of theta.
        case "\u{2126}", "\u{212A}", "\u{212B}", "\u{3F4}": return false
        default: break
        }
        let small = properties.lowercaseMapping.unicodeScalars
        guard small.count == 1, let letter = small.first, letter != scalar else { return false }
        return !letter.properties.changesWhenNFKCCaseFolded
    }

    /// Letters that stand for a letter and a mark.
    ///
    /// Strings that are canonically equivalent are equal, so a table of precomposed letters needs no decompositions.
    private enum Compositions {
        private static let blocks: [ClosedRange<UInt32>] = [
            0xC0...0x24F, 0x370...0x52F, 0x622...0x6D3, 0x929...0x934, 0x9CB...0xDDE, 0x1026...0x1026,
            0x1B06...0x1B43, 0x1E00...0x1FFF, 0x304C...0x30FE,
        ]

        private static let composed: [String: Unicode.Scalar] = {
            var table: [String: Unicode.Scalar] = [:]
            for scalar in blocks.joined().lazy.compactMap({ Unicode.Scalar($0) }) where isNormalized(scalar) {
                table[String(Character(scalar))] = scalar
            }
            return table
        }()

        static func compose(_ letter: Unicode.Scalar, _ mark: Unicode.Scalar) -> Unicode.Scalar? {
            switch mark.properties.generalCategory {
            case .nonspacingMark, .spacingMark: break
            default: return nil
            }
            var pair = String.UnicodeScalarView()
            pair.append(letter)
            pair.append(mark)
            return composed[String(pair)]
        }

        /// Whether `scalar` might have a decomposition, so that a mark after it could belong before its own.
        static func isComposed(_ scalar: Unicode.Scalar) -> Bool {
            switch scalar.value {
            case 0xC0...0x52F, 0x1E00...0x1FFF, 0x304C...0x30FE: true
            default: precomposed.contains(scalar.value)
            }
        }

        /// The precomposed letters of scripts whose letters mostly stand for themselves.
        private static let precomposed: Set<UInt32> = [
            0x622, 0x623, 0x624, 0x625, 0x626, 0x6C0, 0x6C2, 0x6D3, 0x929, 0x931, 0x934, 0x9CB, 0x9CC, 0xB48, 0xB4B,
            0xB4C, 0xB94, 0xBCA, 0xBCB, 0xBCC, 0xC48, 0xCC0, 0xCC7, 0xCC8, 0xCCA, 0xCCB, 0xD4A, 0xD4B, 0xD4C, 0xDDA,
            0xDDC, 0xDDD, 0xDDE, 0x1026, 0x1B06, 0x1B08, 0x1B0A, 0x1B0C, 0x1B0E, 0x1B12, 0x1B3B, 0x1B3D, 0x1B40, 0x1B41,
            0x1B43,
        ]
    }
}
