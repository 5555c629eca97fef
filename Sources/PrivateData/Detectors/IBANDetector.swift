/// International bank account numbers (ISO 13616): a country with the length that belongs to it, and the remainder 1.
enum IBANDetector {
    /// The lengths, by country. Those of `digitsOnly` have no letters after the country.
    private static let lengths: [String: Int] = [
        "AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22, "BH": 22, "BI": 27, "BR": 29,
        "BY": 28, "CH": 21, "CR": 22, "CY": 28, "CZ": 24, "DE": 22, "DJ": 27, "DK": 18, "DO": 28, "EE": 20, "EG": 29,
        "ES": 24, "FI": 18, "FK": 18, "FO": 18, "FR": 27, "GB": 22, "GE": 22, "GI": 23, "GL": 18, "GR": 27, "GT": 28,
        "HN": 28, "HR": 21, "HU": 28, "IE": 22, "IL": 23, "IQ": 23, "IS": 26, "IT": 27, "JO": 30, "KW": 30, "KZ": 20,
        "LB": 28, "LC": 32, "LI": 21, "LT": 20, "LU": 20, "LV": 21, "LY": 25, "MC": 27, "MD": 24, "ME": 22, "MK": 19,
        "MN": 20, "MR": 27, "MT": 31, "MU": 30, "NI": 28, "NL": 18, "NO": 15, "OM": 23, "PK": 24, "PL": 28, "PS": 29,
        "PT": 25, "QA": 29, "RO": 24, "RS": 22, "RU": 33, "SA": 24, "SC": 31, "SD": 18, "SE": 24, "SI": 19, "SK": 24,
        "SM": 27, "SO": 23, "ST": 25, "SV": 28, "TL": 23, "TN": 24, "TR": 26, "UA": 29, "VA": 22, "VG": 24, "XK": 20,
        "YE": 30,
    ]
    private static let digitsOnly: Set<String> = [
        "AT", "BA", "BE", "CR", "CZ", "DE", "DK", "EE", "ES", "FI", "FO", "GL", "HR", "HU", "IL", "IS", "LT", "ME",
        "NO", "PL", "PT", "RS", "SE", "SI", "SK", "TL", "TN", "VA", "XK",
    ]

    /// Lengths by the two letters as a number; 0 for none, and above 64 if digits only.
    private static let table: [UInt8] = {
        var table = [UInt8](repeating: 0, count: 26 * 26)
        for (country, length) in lengths {
            let letters = Array(country.utf8)
            table[index(letters[0], letters[1])] = UInt8(length) + (digitsOnly.contains(country) ? 64 : 0)
        }
        return table
    }()

    private static func index(_ first: UInt8, _ second: UInt8) -> Int {
        Int(first &- 0x41) * 26 + Int(second &- 0x41)
    }

    /// Returns the range of the number whose check digits are at a place, after the country; `nil` if none.
    static func match(in text: ScannedText, digits: Range<Int>) -> Range<Int>? {
        let start = digits.lowerBound - 2
        guard start >= 0, text[start].isUppercaseLetter, text[start + 1].isUppercaseLetter, text[start + 3].isDigit,
            !text.isGlued(before: start), !text.isJoined(before: start)
        else { return nil }
        let entry = table[index(text[start], text[start + 1])]
        guard entry > 0 else { return nil }
        let (length, isDigitsOnly) = (Int(entry % 64), entry > 64)
        let separator = text[start + 4]
        let isGrouped = separator == UInt8(ascii: " ") || separator == UInt8(ascii: "-")
        var (place, read, remainder, head) = (start, 0, 0, 0)
        while read < length {
            if isGrouped, read > 0, read % 4 == 0 {
                guard text[place] == separator else { return nil }
                place += 1
            }
            let byte = text[place]
            guard byte.isDigit || byte.isUppercaseLetter, !isDigitsOnly || read < 2 || byte.isDigit else { return nil }
            let value = byte.isDigit ? byte.digitValue : Int(byte &- 0x41) + 10
            // The country and the check digits count as if they were at the end.
            if read < 4 {
                head = append(value, to: head, modulus: 1_000_000_000)
            } else {
                remainder = append(value, to: remainder, modulus: 97)
            }
            place += 1
            read += 1
        }
        remainder = (remainder * 1_000_000 + head) % 97
        guard remainder == 1, !text.isGlued(after: place), !text.isJoined(after: place) else { return nil }
        return start..<place
    }

    private static func append(_ value: Int, to number: Int, modulus: Int) -> Int {
        (number * (value < 10 ? 10 : 100) + value) % modulus
    }
}
