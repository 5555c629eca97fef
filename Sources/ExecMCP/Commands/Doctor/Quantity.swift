import Diagnostics

/// Formats quantities for people.
enum Quantity {
    /// Formats a size, such as `620 MB` or `1.5 GB`.
    static func bytes(_ count: Int) -> String {
        let units = ["bytes", "kB", "MB", "GB", "TB"]
        var value = Double(count)
        var unit = 0
        while value >= 1000, unit < units.count - 1 {
            value /= 1000
            unit += 1
        }
        return unit == 0 ? count.counted("byte") : "\(digits(value)) \(units[unit])"
    }

    /// Formats a duration, such as `2.1 ms` or `0.35 s`.
    static func duration(_ seconds: Double) -> String {
        seconds < 0.1 ? "\(digits(seconds * 1000)) ms" : "\(digits(seconds)) s"
    }

    /// Formats an age, such as `3 days old`. Anything under a minute, or in the future, is `new`.
    static func age(_ seconds: Int) -> String {
        for (length, name) in [(86_400, "day"), (3600, "hour"), (60, "minute")] where seconds >= length {
            return "\((seconds / length).counted(name)) old"
        }
        return "new"
    }

    /// Rounds to an integer from 10 up, to one decimal from 1 up, and to two decimals below 1.
    private static func digits(_ value: Double) -> String {
        if value >= 10 { return "\(Int(value.rounded()))" }
        return value >= 1 ? "\((value * 10).rounded() / 10)" : "\((value * 100).rounded() / 100)"
    }
}
