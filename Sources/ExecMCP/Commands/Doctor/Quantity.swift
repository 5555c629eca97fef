/// Numbers as people read them.
enum Quantity {
    /// `620 MB`, `1.5 GB`.
    static func bytes(_ count: Int) -> String {
        let units = ["bytes", "kB", "MB", "GB", "TB"]
        var value = Double(count)
        var unit = 0
        while value >= 1000, unit < units.count - 1 {
            value /= 1000
            unit += 1
        }
        return unit == 0 ? "\(count) bytes" : "\(digits(value)) \(units[unit])"
    }

    /// `2.1 ms`, `0.35 s`.
    static func duration(_ seconds: Double) -> String {
        seconds < 0.1 ? "\(digits(seconds * 1000)) ms" : "\(digits(seconds)) s"
    }

    /// `3 days old`; a time to come is `new`.
    static func age(_ seconds: Int) -> String {
        for (length, name) in [(86_400, "day"), (3600, "hour"), (60, "minute")] where seconds >= length {
            let count = seconds / length
            return "\(count) \(name)\(count == 1 ? "" : "s") old"
        }
        return "new"
    }

    /// Two digits or more.
    private static func digits(_ value: Double) -> String {
        if value >= 10 { return "\(Int(value.rounded()))" }
        return value >= 1 ? "\((value * 10).rounded() / 10)" : "\((value * 100).rounded() / 100)"
    }
}
