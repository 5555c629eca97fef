import CommandOptions
import Diagnostics

extension ServerOptionTable {
    /// The options about tools of other MCP servers.
    static let bridgeOptions = [
        ServerOption(
            flag: "--mcp-config", variable: "MCP_EXECUTOR_MCP_CONFIG", placeholder: "FILE[:FILE…]",
            help: "MCP servers whose tools code in the sandbox can call, as an MCP host lists them; may be repeated",
            fallback: "none", accepts: "the path of a file; several with : between them",
            paths: { HostPath.list($0) }
        ) { value, options in
            let paths = HostPath.list(value).map(HostPath.expanded)
            // The files are read when the server starts, because other commands parse this option too.
            options.mcpConfigFiles += paths
            return !paths.isEmpty && paths.allSatisfy { !$0.isEmpty && !$0.hasPrefix("-") && !$0.hasSuffix("/") }
        },
        ServerOption(
            flag: "--mcp-prompt-budget", variable: "MCP_EXECUTOR_MCP_PROMPT_BUDGET", placeholder: "TOKENS",
            help: "tokens of the system prompt for signatures of these tools; the others are found by search",
            fallback: "1500", accepts: "a whole number from 0 to 100000"
        ) { value, options in
            guard let number = OptionValue.wholeNumber(value, in: 0...100_000) else { return false }
            options.mcpPromptBudget = number
            return true
        },
        ServerOption(
            flag: "--bridge-record", variable: "MCP_EXECUTOR_BRIDGE_RECORD", placeholder: "FILE",
            help: "append what these servers answer to a file, for --bridge-replay",
            fallback: "none", accepts: "the path of a file", paths: { [$0] }
        ) { value, options in
            options.bridgeRecord = HostPath.expanded(value)
            return isFile(value)
        },
        ServerOption(
            flag: "--bridge-replay", variable: "MCP_EXECUTOR_BRIDGE_REPLAY", placeholder: "FILE",
            help: "answer calls from a file of --bridge-record instead of starting these servers",
            fallback: "none", accepts: "the path of a file", paths: { [$0] }
        ) { value, options in
            options.bridgeReplay = HostPath.expanded(value)
            return isFile(value)
        },
    ]

    private static func isFile(_ path: String) -> Bool {
        !path.isEmpty && !path.hasPrefix("-") && !path.hasSuffix("/")
    }
}
