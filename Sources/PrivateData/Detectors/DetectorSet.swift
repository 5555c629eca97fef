/// All detectors, run in one pass over a text.
struct DetectorSet: Sendable {
    private enum Trigger {
        // Computed: a stored one is initialized when it is first used, which every use would have to check.
        static var none: UInt8 { 0 }
        static var digit: UInt8 { 1 }
        static var sign: UInt8 { 2 }
        static var percent: UInt8 { 3 }
        static var colon: UInt8 { 4 }
        static var backslash: UInt8 { 5 }
        static var ampersand: UInt8 { 6 }
    }

    /// What each byte can be the first sign of.
    private static let triggers: [UInt8] = {
        var table = [UInt8](repeating: Trigger.none, count: 256)
        for digit in 0x30...0x39 { table[digit] = Trigger.digit }
        table[0x40] = Trigger.sign
        table[0x25] = Trigger.percent
        table[0x3A] = Trigger.colon
        table[0x5C] = Trigger.backslash
        table[0x26] = Trigger.ampersand
        return table
    }()

    /// A value of fewer digits has more than one group of them, letters before it, or a `+`.
    private static var minDigits: Int { 7 }

    private let patterns: [PrivateDataPattern]

    init(patterns: [PrivateDataPattern] = []) {
        self.patterns = patterns
    }

    /// Returns the values in a text, in no particular order; they may overlap.
    func values(in text: ScannedText) -> [DetectedValue] {
        var values: [DetectedValue] = []
        Self.triggers.withUnsafeBufferPointer { triggers in
            let bytes = text.bytes
            var words = WordPlaces(PhoneDetector.wordBeginnings)
            var place = 0
            while place < bytes.count {
                let trigger = triggers[Int(bytes[place])]
                if trigger == Trigger.none {
                    place += 1
                } else if trigger == Trigger.digit {
                    let digits = text.startOfNumber(at: place)..<text.endOfDigits(from: place)
                    Self.number(text, digits, &words, &values)
                    place = digits.upperBound
                } else {
                    Self.sign(text, place, trigger, &values)
                    place += 1
                }
            }
        }
        for pattern in patterns {
            for range in pattern.matches(in: text) { values.append(DetectedValue(range: range, kind: pattern.kind)) }
        }
        return values
    }

    private static func number(
        _ text: ScannedText, _ digits: Range<Int>, _ words: inout WordPlaces, _ values: inout [DetectedValue]
    ) {
        // Numbers are everywhere: most are too short, and stand alone.
        if digits.count < minDigits, !text.mayContinue(after: digits.upperBound),
            !text[digits.lowerBound - 1].isUppercaseLetter, text[digits.lowerBound - 1] != UInt8(ascii: "+")
        {
            return
        }
        if text[digits.lowerBound - 1].isUppercaseLetter {
            if let range = IBANDetector.match(in: text, digits: digits) {
                values.append(DetectedValue(range: range, kind: .iban))
            }
            if !text.isEscape(before: digits.lowerBound) { return }
        }
        if digits.count <= 3, text[digits.upperBound] == UInt8(ascii: "."),
            let range = IPAddressDetector.match(in: text, digits: digits)
        {
            values.append(DetectedValue(range: range, kind: .ip))
            return
        }
        if let range = CardDetector.match(in: text, digits: digits) {
            values.append(DetectedValue(range: range, kind: .card))
        } else if let range = SSNDetector.match(in: text, digits: digits) {
            values.append(DetectedValue(range: range, kind: .ssn))
        } else if let range = PhoneDetector.match(in: text, digits: digits, words: &words) {
            values.append(DetectedValue(range: range, kind: .phone))
        }
    }

    private static func sign(
        _ text: ScannedText, _ place: Int, _ trigger: UInt8, _ values: inout [DetectedValue]
    ) {
        if trigger == Trigger.colon {
            if text[place + 1] == UInt8(ascii: ":") || text[place + 1].isHexDigit,
                let range = IPAddressDetector.match(in: text, colon: place)
            {
                values.append(DetectedValue(range: range, kind: .ip))
            }
            return
        }
        let length: Int
        switch trigger {
        case Trigger.percent: length = "%40".utf8.count
        case Trigger.backslash: length = #"\u0040"#.utf8.count
        case Trigger.ampersand: length = "&#64;".utf8.count
        default: length = 1
        }
        if length > 1, !SignEscape.all.contains(where: { $0.count == length && text.starts(with: $0, at: place) }) {
            return
        }
        if let range = EmailDetector.match(in: text, sign: place, signLength: length) {
            values.append(DetectedValue(range: range, kind: .email))
        }
    }
}
