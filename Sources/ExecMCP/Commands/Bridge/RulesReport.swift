import Bridge
import CommandOptions
import Diagnostics
import ExecCore
import JSON

/// `exec-mcp bridge rules`: what would happen to calls of each tool.
enum RulesReport {
    /// Prints the rules of a server, or of all.
    ///
    /// - Returns: the exit status.
    static func show(_ bridge: Bridge, _ user: UserID, _ server: String?, asJSON: Bool) async -> Int32 {
        if let server, !bridge.serverNames.contains(server) {
            let names = bridge.serverNames.map { $0.singleLine(limit: 64) }.joined(separator: ", ")
            Logger.writeToStandardError(
                "exec-mcp: unknown server \(server.singleLine(limit: 64)); the servers are: \(names)\n")
            return 1
        }
        let rules = await bridge.rules(for: user, server: server)
        if asJSON {
            print(JSON.object(["servers": .array(rules.map(json))]).text)
        } else {
            for server in rules { show(server) }
        }
        return rules.allSatisfy { $0.failure == nil } ? 0 : 1
    }

    private static func show(_ server: ServerRules) {
        print(server.name.singleLine(limit: 64))
        if let failure = server.failure { return print("  FAIL  \(failure.singleLine(limit: 1000))") }
        let width = min(server.entries.map(\.name.count).max() ?? 0, 64)
        for entry in server.entries {
            let rule = entry.rule + (entry.isApproved ? ", approved" : "")
            let reason = entry.reason.isEmpty ? "" : ": \(entry.reason)"
            let name = entry.name.singleLine(limit: 64).padded(to: width)
            let action = entry.action.rawValue.padded(to: 4)
            print("  \(action)  \(name)  \("\(rule)\(reason)".singleLine(limit: 400))")
        }
    }

    private static func json(_ server: ServerRules) -> JSON {
        let entries = server.entries.map { entry -> JSON in
            [
                "name": .string(entry.name), "action": .string(entry.action.rawValue), "rule": .string(entry.rule),
                "reason": .string(entry.reason), "approved": .bool(entry.isApproved),
            ]
        }
        return [
            "name": .string(server.name), "tools": .array(entries),
            "failure": server.failure.map { .string($0) } ?? .null,
        ]
    }
}
