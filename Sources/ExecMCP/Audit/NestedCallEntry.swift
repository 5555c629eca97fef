import Bridge
import Diagnostics
import ExecCore
import Hashing
import JSON
import MCP
import PrivateData
import SystemCalls

/// The line of the audit log for a tool call that code in a sandbox made. Arguments are recorded as a digest.
struct NestedCallEntry: Sendable {
    let user: UserID
    let call: NestedCall
    /// Replaces private data in what is recorded; `nil` for none.
    var privateData: PrivateDataVault?

    /// The line, without its line end.
    var line: [UInt8] {
        let milliseconds = Int((call.time * 1000).rounded(.down))
        let fraction = String(milliseconds % 1000 + 1000).dropFirst()
        let time = Timestamp.text(secondsSince1970: milliseconds / 1000).dropLast()
        var object: JSONObject = [
            "time": .string("\(time).\(fraction)Z"), "pid": .integer(Int(getpid())), "user": .string(user.name),
            "tool": .string("\(call.server).\(call.tool)".singleLine(limit: 200)),
            "arguments": ["sha256": .string(argumentDigest), "bytes": .integer(call.argumentBytes)],
            "outcome": .string(call.outcome.rawValue), "duration_ms": .double((call.seconds * 10_000).rounded() / 10),
            "bytes": .integer(call.resultBytes), "sandbox": .string(call.sandbox),
            "command": call.command.map { .integer(Int($0)) } ?? "background",
            "rule": .string(call.rule.singleLine(limit: 200)),
        ]
        let error = call.error.map { privateData?.redact($0) ?? $0 }
        object["error"] = error.map { .string(AuditText.beginning(of: $0, AuditText.maxLength)) }
        return JSON.object(object).serialized()
    }

    /// With tokens in place of values, which could be guessed from the digest: there are not many phone numbers.
    private var argumentDigest: String {
        guard let privateData else { return call.argumentDigest }
        return SHA256.hexDigest(of: privateData.redact(.object(call.arguments), keepsTokens: true).serialized())
    }
}
