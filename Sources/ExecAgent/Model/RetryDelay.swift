import SystemCalls

/// Exponential back-off between retries of a request.
enum RetryDelay {
    /// Maximum delay accepted from a server, in seconds.
    static let maxRequestedDelay = 60.0
    /// Seconds before the first retry; each further delay is twice as long.
    private static let first = 1.0
    private static let maxDelay = 30.0

    /// Returns the seconds to wait after `failures` failed attempts.
    ///
    /// - Parameters:
    ///   - wish: the response's `Retry-After` field.
    ///   - now: seconds since 1970.
    ///   - random: between 0 and 1. Adds jitter, so clients that failed together don't retry together.
    static func seconds(failures: Int, wish: String?, now: Double, random: Double) -> Double {
        if let wish, let seconds = seconds(of: wish, now: now) { return min(max(seconds, 0), maxRequestedDelay) }
        let backoff = min(maxDelay, first * pow(2, Double(failures - 1)))
        return backoff * (0.5 + random / 2)
    }

    /// Parses the seconds in a `Retry-After` field (RFC 9110, section 10.2.3), a number or a date.
    private static func seconds(of wish: String, now: Double) -> Double? {
        if let seconds = Double(wish), seconds.isFinite { return seconds }
        return date(wish).map { $0 - now }
    }

    /// Parses an HTTP date such as `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, section 5.6.7) to seconds since 1970. The
    /// two obsolete formats aren't supported.
    private static func date(_ text: String) -> Double? {
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let words = text.split(separator: " ")
        guard words.count == 6, words[5] == "GMT", let day = Int32(words[1]), 1...31 ~= day,
            let month = months.firstIndex(of: String(words[2])), let year = Int32(words[3]), 1970...9999 ~= year
        else { return nil }
        let clock = words[4].split(separator: ":").compactMap { Int32($0) }
        guard clock.count == 3, 0...23 ~= clock[0], 0...59 ~= clock[1], 0...60 ~= clock[2] else { return nil }
        var parts = tm()
        parts.tm_year = year - 1900
        parts.tm_mon = Int32(month)
        parts.tm_mday = day
        parts.tm_hour = clock[0]
        parts.tm_min = clock[1]
        parts.tm_sec = clock[2]
        return Double(timegm(&parts))
    }
}
