import Diagnostics
import ExecCore
import JSON
import MCP
import SystemCalls

/// The facts known when a call arrives, and the line that is written when it has ended.
struct AuditEntry: Sendable {
    /// The maximum length of a line in bytes, without its line end.
    static let maxLength = 4096
    /// The numbers of characters to keep of a text, tried in order until the line is short enough. Every short text
    /// needs at most twelve bytes a character, even if all of it is escaped.
    private static let keptCharacters = [AuditText.maxLength, 40, 0]

    /// The time when the call arrived.
    let time = Self.now()
    /// The user whose sandbox the call uses; `nil` if the request names an invalid user.
    let user: UserID?
    /// The name of the tool or method.
    let tool: String?
    /// The ID of the trace that the request belongs to.
    let traceID: String?

    /// Returns the line, without its line end.
    func line(
        _ arguments: AuditArguments, _ outcome: AuditOutcome, taskID: String? = nil, duration: Duration
    ) -> [UInt8] {
        var line: [UInt8] = []
        for kept in Self.keptCharacters {
            line = JSON.object(object(arguments, outcome, taskID, duration, kept)).serialized().showingNothingHidden
            if line.count <= Self.maxLength { break }
        }
        return line
    }

    private func object(
        _ arguments: AuditArguments, _ outcome: AuditOutcome, _ taskID: String?, _ duration: Duration, _ kept: Int
    ) -> JSONObject {
        var object: JSONObject = [
            "time": .string(time), "pid": .integer(Int(getpid())), "user": user.map { .string($0.name) } ?? .null,
            "tool": tool.map { .string($0.singleLine(limit: 64)) } ?? .null, "arguments": arguments.json(keeping: kept),
            "outcome": .string(outcome.kind.rawValue),
        ]
        object["exit_code"] = outcome.exitCode.map(JSON.integer)
        object["duration_ms"] = .double(Self.milliseconds(duration))
        object["bytes"] = .integer(outcome.bytes)
        object["error"] = outcome.error.map { .string(AuditText.beginning(of: $0, max(kept, 40))) }
        object["trace_id"] = traceID.map(JSON.string)
        object["task_id"] = taskID.map(JSON.string)
        return object
    }

    /// Rounds to a tenth of a millisecond.
    private static func milliseconds(_ duration: Duration) -> Double {
        ((duration / .microseconds(100)).rounded()) / 10
    }

    /// Returns the current time, such as `2026-11-21T13:30:00.123Z`.
    private static func now() -> String {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        let milliseconds = String(Int(time.tv_nsec) / 1_000_000 + 1000).dropFirst()
        return "\(Timestamp.text(secondsSince1970: Int(time.tv_sec)).dropLast()).\(milliseconds)Z"
    }
}

extension [UInt8] {
    /// JSON text that also escapes characters that JSON allows but that can control a terminal or hide text: control
    /// characters beyond ASCII, and marks that change the writing direction.
    fileprivate var showingNothingHidden: [UInt8] {
        guard contains(where: { $0 >= 0x80 }) else { return self }
        var shown = ""
        for scalar in String(decoding: self, as: UTF8.self).unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator:
                for unit in String(scalar).utf16 {
                    let digits = String(unit, radix: 16)
                    shown += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
                }
            default: shown.unicodeScalars.append(scalar)
            }
        }
        return Array(shown.utf8)
    }
}
