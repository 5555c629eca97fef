#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Timestamps as MCP writes them: ISO 8601, in UTC.
public enum Timestamp {
    /// Returns a timestamp such as `2026-11-21T13:30:00Z`; the epoch if the year would have more than four digits.
    public static func text(secondsSince1970 seconds: Int) -> String {
        var time = time_t(seconds)
        var parts = tm()
        // The format has no room for years beyond 9999.
        guard (0...253_402_300_799).contains(seconds), gmtime_r(&time, &parts) != nil else {
            return "1970-01-01T00:00:00Z"
        }
        let date = [
            padded(Int(parts.tm_year) + 1900, 4), padded(Int(parts.tm_mon) + 1, 2), padded(Int(parts.tm_mday), 2),
        ]
        let clock = [parts.tm_hour, parts.tm_min, parts.tm_sec].map { padded(Int($0), 2) }
        return "\(date.joined(separator: "-"))T\(clock.joined(separator: ":"))Z"
    }

    /// Seconds since 1970 by the system clock, which may be changed at any time.
    public static var now: Int { Int(time(nil)) }

    private static func padded(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
