/// Where words begin that say what a number beside them is. Looked up for many numbers, and made when the first one asks.
struct WordPlaces {
    private let beginnings: [UInt16]
    /// The places in the text, in order; `nil` before they are asked for.
    private var places: [Int]?
    private var next = 0

    /// - Parameter beginnings: the words' first two letters, in lowercase.
    init(_ beginnings: [String]) {
        self.beginnings = beginnings.map { text in text.utf8.reduce(0) { $0 << 8 | UInt16($1) } }
    }

    /// Whether a word may be beside a number, or in the name of the field. Asked with numbers in their order.
    mutating func areBeside(_ number: Range<Int>, in text: ScannedText) -> Bool {
        if !text.field.isEmpty { return true }
        if places == nil { places = Self.places(of: beginnings, in: text.bytes) }
        guard let places, !places.isEmpty else { return false }
        let first = number.lowerBound - NumberLabel.wordsBefore
        while next < places.count, places[next] < first { next += 1 }
        // After it, a word may follow further groups of the same number.
        return next < places.count && places[next] < number.upperBound + 2 * NumberLabel.wordsBefore
    }

    private static func places(of beginnings: [UInt16], in bytes: UnsafeBufferPointer<UInt8>) -> [Int] {
        // Most letters begin none of the words.
        var isFirst = [Bool](repeating: false, count: 256)
        for first in beginnings.map({ Int($0 >> 8) }) { (isFirst[first], isFirst[first & ~0x20]) = (true, true) }
        var places: [Int] = []
        isFirst.withUnsafeBufferPointer { isFirst in
            for place in 0..<max(0, bytes.count - 1) where isFirst[Int(bytes[place])] {
                let pair = UInt16(bytes[place] | 0x20) << 8 | UInt16(bytes[place + 1] | 0x20)
                guard beginnings.contains(pair) else { continue }
                // Within a word it begins none, unless it is a capital, or what precedes it is the letter of an escape.
                let isWithin = place > 0 && bytes[place - 1].isLetter && !bytes[place].isUppercaseLetter
                if isWithin, place < 2 || bytes[place - 2] != UInt8(ascii: "\\") { continue }
                places.append(place)
            }
        }
        return places
    }
}
