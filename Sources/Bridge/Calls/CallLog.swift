import JSON
import MCP
import Threading

/// The latest calls of one user, in memory.
final class CallLog: Sendable {
    private static let capacity = 1000

    private let calls = Locked<[NestedCall]>([])

    func add(_ call: NestedCall) {
        var call = call
        // They may be large, and nobody is shown them.
        call.arguments = JSONObject()
        call.error = nil
        calls.withLock { calls in
            if calls.count >= Self.capacity { calls.removeFirst(Self.capacity / 10) }
            calls.append(call)
        }
    }

    /// Returns the last calls, oldest first.
    func last(_ count: Int) -> [NestedCall] {
        calls.withLock { Array($0.suffix(max(0, count))) }
    }
}

extension NestedCall {
    /// The call as an element of the answer to `log`.
    var entry: JSON {
        [
            "time": .string(Timestamp.text(secondsSince1970: Int(time))), "server": .string(server),
            "tool": .string(tool), "ms": .double((seconds * 10_000).rounded() / 10), "bytes": .integer(resultBytes),
            "outcome": .string(outcome.rawValue), "command": command.map { .integer(Int($0)) } ?? .null,
        ]
    }
}
