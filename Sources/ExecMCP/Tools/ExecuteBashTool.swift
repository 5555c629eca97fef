import Diagnostics
import ExecCore
import JSON
import MCP

/// `execute_bash`: runs a shell command.
struct ExecuteBashTool: SandboxTool {
    /// The default timeout of a command, in seconds.
    private static let usualTimeout = 30

    let canBecomeTask = true
    /// Only calls of other servers' tools ask.
    let canAsk: Bool
    let description: Tool
    private let defaultTimeout: Int
    private let limits: Limits
    private let links: ArtifactLinks

    /// - Parameter servers: the names of the MCP servers whose tools code can call.
    init(limits: Limits, effects: ToolEffects, links: ArtifactLinks, servers: [String] = []) {
        self.limits = limits
        self.links = links
        canAsk = !servers.isEmpty
        defaultTimeout = min(Self.usualTimeout, limits.maxTimeout)
        description = Tool(
            name: "execute_bash", title: "Run a shell command",
            description: """
                Runs a bash command in a private Linux sandbox (scientific Python); returns exit_code, stdout, \
                stderr. Each call is a new shell in /workspace; files persist. A timeout ends every process of the \
                command; background jobs of one that returned live on. For long work: nohup CMD > log 2>&1 & and \
                read the log later.
                """ + Self.sentence(about: servers),
            inputSchema: [
                "type": "object",
                "properties": [
                    "command": ["type": "string"],
                    "timeout": [
                        "type": "number", "default": .integer(defaultTimeout),
                        // Some clients forward only the descriptions in a schema.
                        "description": .string(
                            "Seconds, default \(defaultTimeout), at most \(limits.maxTimeout)"),
                    ],
                ],
                "required": ["command"], "additionalProperties": false,
            ],
            outputSchema: [
                "type": "object",
                "properties": [
                    "exit_code": ["type": "integer"], "stdout": ["type": "string"], "stderr": ["type": "string"],
                    "timed_out": ["type": "boolean"], "truncated": ["type": "boolean"],
                ],
                "required": ["exit_code", "stdout", "stderr"],
            ],
            annotations: [
                "readOnlyHint": false,
                // A command may also destroy data on other machines that it can reach.
                "destructiveHint": .bool(effects.reachesFiles || effects.reachesNetwork),
                "openWorldHint": .bool(effects.reachesNetwork),
            ], icons: [.shell])
    }

    /// Hosts that use no prompts know of these tools from here alone.
    private static func sentence(about servers: [String]) -> String {
        guard !servers.isEmpty else { return "" }
        let shown = servers.prefix(maxServers).map { $0.singleLine(limit: 40) }.joined(separator: ", ")
        let rest = servers.count > maxServers ? " and \(servers.count - maxServers) more" : ""
        return """
             Code in it can call tools of MCP servers (\(shown)\(rest)): run `mcp` to see how.
            """
    }

    private static let maxServers = 20

    func prepare(_ arguments: JSONObject) throws(ToolArguments.MismatchError) -> Work {
        let arguments = checked(arguments)
        let command = try arguments.string("command")
        let timeout = try arguments.number("timeout") ?? Double(defaultTimeout)
        // Checked here so that no sandbox is started for a call that will be rejected.
        do throws(ExecError) {
            try limits.checkTimeout(timeout)
        } catch {
            throw ToolArguments.MismatchError(message: error.message, isOfValue: true)
        }
        return { [links] sandbox, progress, interaction in
            let outcome = try await sandbox.execute(
                command, timeout: timeout, onOutput: progress.report, user: interaction)
            let result = Self.toolResult(outcome, links: links)
            return outcome.bridgeNote.map(result.addingNote) ?? result
        }
    }

    /// Returns what else programs that show the command need; `nil` for an ordinary result.
    private static func report(on result: CommandResult) -> CommandReport? {
        func stream(_ rest: CommandResult.StreamRest?) -> CommandReport.Stream? {
            rest.map { CommandReport.Stream(bytes: $0.bytes, path: $0.path, savedBytes: $0.savedBytes) }
        }
        let report = CommandReport(
            standardOutput: stream(result.standardOutputRest), standardError: stream(result.standardErrorRest),
            artifacts: result.artifacts.map { artifact in
                CommandReport.Artifact(
                    name: artifact.name, size: artifact.size, isNew: artifact.isNew, version: artifact.version)
            },
            calls: result.bridgedCalls.map { call in
                CommandReport.Call(server: call.server, tool: call.tool, seconds: call.seconds, isOK: call.isOK)
            })
        return report.isEmpty ? nil : report
    }

    /// Leaves out keys that carry no information: an ordinary result has three keys, also for clients that show only
    /// text.
    static func toolResult(_ result: CommandResult, links: ArtifactLinks = .link) -> ToolResult {
        var object: JSONObject = [
            "exit_code": .integer(result.exitCode), "stdout": .string(result.standardOutput),
            "stderr": .string(result.standardError),
        ]
        if result.timedOut { object["timed_out"] = true }
        if result.isTruncated { object["truncated"] = true }
        return ToolResult(
            content: [.text(JSON.object(object).text)] + links.blocks(for: result.artifacts),
            structuredContent: .object(object), report: report(on: result))
    }
}
