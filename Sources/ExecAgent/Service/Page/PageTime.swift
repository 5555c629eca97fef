import MCP
import SystemCalls

/// Times as the page's routes write them: ISO 8601 in UTC, with milliseconds.
enum PageTime {
    /// Returns the seconds since 1970.
    @Sendable static func now() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    /// Returns a text such as `2026-11-21T13:30:00.123Z`.
    static func text(_ seconds: Double) -> String {
        let thousandths = Int((max(0, min(seconds, 1e11)) * 1000).rounded())
        let rest = String(thousandths % 1000)
        let whole = Timestamp.text(secondsSince1970: thousandths / 1000).dropLast()
        return "\(whole).\(String(repeating: "0", count: 3 - rest.count))\(rest)Z"
    }
}
