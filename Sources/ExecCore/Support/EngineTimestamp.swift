/// Parses timestamps from engines: RFC 3339, `2026-11-21T11:49:08.525417856Z`.
enum EngineTimestamp {
    /// Returns the seconds since 1970 without fractions; `nil` if `text` isn't a valid timestamp.
    static func seconds(_ text: String) -> Int? {
        let bytes = Array(text.utf8)
        func number(_ place: Int, _ width: Int) -> Int? {
            guard bytes.count >= place + width else { return nil }
            let digits = bytes[place..<place + width]
            guard digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
            return digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
        }
        guard let year = number(0, 4), let month = number(5, 2), let day = number(8, 2), let hour = number(11, 2),
            let minute = number(14, 2), let second = number(17, 2), (1...12).contains(month), (1...31).contains(day)
        else { return nil }
        var offset = 0
        if let place = bytes.lastIndex(where: { $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "-") }), place >= 19 {
            guard let hours = number(place + 1, 2), let minutes = number(place + 4, 2) else { return nil }
            offset = (hours * 60 + minutes) * 60 * (bytes[place] == UInt8(ascii: "-") ? -1 : 1)
        }
        return ((days(year, month, day) * 24 + hour) * 60 + minute) * 60 + second - offset
    }

    /// Returns the days since 1970 in the Gregorian calendar. Years are shifted to start in March, so that the leap
    /// day comes last.
    private static func days(_ year: Int, _ month: Int, _ day: Int) -> Int {
        let shifted = month > 2 ? year : year - 1
        let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
        return 365 * shifted + shifted / 4 - shifted / 100 + shifted / 400 + dayOfYear - 719_468
    }
}
