import CommandOptions
import Diagnostics
import SystemCalls

/// One option of the agent.
typealias AgentOption = CommandOptions.OptionDescription<AgentOptions>

/// The agent's options, in the order of the help.
enum AgentOptionTable {
    /// Options for a task or a conversation.
    static let ofTask: [AgentOption] = model + tools + limits + task + log
    /// Options of `exec-agent serve`.
    static let ofService: [AgentOption] = model + tools + limits + service + log

    static let model = [
        AgentOption(
            flag: "--model", variable: "DEFAULT_MODEL", placeholder: "NAME", help: "the model to use",
            fallback: "none: it must be set", accepts: "the name of a model"
        ) { value, options in
            options.model = value
            return isWord(value)
        },
        AgentOption(
            flag: "--base-url", variable: "OPENAI_BASE_URL", placeholder: "URL",
            help: "URL of the model's OpenAI-compatible API, up to /v1", fallback: AgentOptions.openAI,
            accepts: "an http or https URL, such as http://localhost:11434/v1"
        ) { value, options in
            options.baseURL = value
            return isWord(value) && ["http://", "https://"].contains { value.lowercased().hasPrefix($0) }
        },
        AgentOption(
            variable: "OPENAI_API_KEY",
            help: "the key for that API; there is no flag, because other users can see flags", fallback: "none",
            accepts: "a key without spaces"
        ) { value, options in
            options.key = value
            return isWord(value)
        },
        AgentOption(
            flag: "--api-key-file", placeholder: "FILE", help: "a file that contains the key", fallback: "none",
            accepts: "a readable file that contains one key"
        ) { value, options in
            guard let bytes = Files.read(value, limit: 64 << 10) else { return false }
            let key = String(decoding: bytes, as: UTF8.self).trimmed
            options.key = key
            return isWord(key)
        },
        AgentOption(
            flag: "--model-timeout", variable: "MODEL_TIMEOUT", placeholder: "SECONDS",
            help: "how long the model may be silent before the request is abandoned", fallback: "120",
            accepts: "a whole number from 1 to 86400"
        ) { value, options in
            assign(value, 1...86_400) { options.modelTimeout = $0 }
        },
        AgentOption(
            flag: "--images", placeholder: "auto|never",
            help: "whether the pictures that tools return are sent to the model; auto: until its API refuses them",
            fallback: "auto", accepts: "auto or never"
        ) { value, options in
            guard let policy = ImagePolicy(rawValue: value) else { return false }
            options.images = policy
            return true
        },
    ]

    static let tools = [
        AgentOption(
            flag: "--mcp", variable: "MCP_SERVER_COMMAND", placeholder: "COMMAND",
            help: "the command that starts the MCP server, with its options", fallback: "exec-mcp",
            accepts: "a command"
        ) { value, options in
            options.serverCommand = value
            return !value.trimmed.isEmpty
        },
        AgentOption(
            flag: "--mcp-config", placeholder: "FILE",
            help: "a file with mcpServers, as MCP hosts have it: further servers to use; may be repeated",
            fallback: "none", accepts: "a file"
        ) { value, options in
            options.serverFiles.append(value)
            return !value.isEmpty
        },
        AgentOption(
            flag: "--bridge",
            help: "let code in the sandbox call the tools of these servers, instead of showing them to the model",
            fallback: "no"
        ) { _, options in
            options.usesBridge = true
            return true
        },
        AgentOption(
            flag: "--no-build",
            help: "have exec-mcp neither build nor pull a missing image at the first call, but say how to",
            fallback: "no"
        ) { _, options in
            options.buildsImage = false
            return true
        },
        AgentOption(
            flag: "--user", placeholder: "NAME", help: "user whose sandbox and workspace are used",
            fallback: "the server's own choice",
            accepts: "up to 63 letters, digits, _ . and -, a letter or digit first"
        ) { value, options in
            options.user = value
            return isUser(value)
        },
        AgentOption(
            flag: "--approve", variable: "AGENT_APPROVE", placeholder: "ask|page|never|always",
            help: "whether servers may ask you, such as for approval of a call; always: such calls are approved",
            fallback: "ask on a terminal; page for serve", accepts: "ask, page, never or always"
        ) { value, options in
            guard let mode = ApprovalMode(rawValue: value) else { return false }
            options.approval = mode
            return true
        },
    ]

    static let limits = [
        AgentOption(
            flag: "--max-turns", placeholder: "N", help: "requests to the model in one run (0: no limit)",
            fallback: "50", accepts: "a whole number from 0 to 1000000"
        ) { value, options in
            assign(value, 0...1_000_000) { options.limits.turns = $0 == 0 ? nil : $0 }
        },
        AgentOption(
            flag: "--max-tokens", placeholder: "N",
            help: "total tokens of all requests and answers of one run (0: no limit)", fallback: "0",
            accepts: "a whole number from 0 to 1000000000"
        ) { value, options in
            assign(value, 0...1_000_000_000) { options.limits.tokens = $0 == 0 ? nil : $0 }
        },
        AgentOption(
            flag: "--max-seconds", placeholder: "N", help: "how long one run may take (0: no limit)",
            fallback: "1800", accepts: "a whole number from 0 to 604800"
        ) { value, options in
            assign(value, 0...604_800) { options.limits.seconds = $0 == 0 ? nil : Double($0) }
        },
    ]

    static let task = [
        AgentOption(
            flag: "--output", placeholder: "DIR", help: "where the files that the agent makes for you are saved",
            fallback: "they stay in the sandbox", accepts: "a directory, which is created if necessary"
        ) { value, options in
            options.output = value
            return !value.isEmpty
        },
        AgentOption(
            flag: "--json", help: "print a line of JSON for each event and one for the result", fallback: "no"
        ) { _, options in
            options.isJSON = true
            return true
        },
        AgentOption(
            flag: "--plain", help: "don't render Markdown in answers, even on a terminal", fallback: "no"
        ) { _, options in
            options.isPlain = true
            return true
        },
        AgentOption(
            flag: "--history", variable: "AGENT_HISTORY", placeholder: "FILE|off",
            help: "private file that keeps the input of conversations; off: none",
            fallback: "~/.local/state/exec-agent/history", accepts: "a file or off"
        ) { value, options in
            options.history = value == "off" ? .off : .file(value)
            return !value.isEmpty
        },
    ]

    static let service = [
        AgentOption(
            flag: "--host", variable: "AGENT_API_HOST", placeholder: "ADDRESS",
            help: "the address to listen on; one that other machines can reach requires AGENT_API_KEYS",
            fallback: "127.0.0.1", accepts: "a name or an address"
        ) { value, options in
            options.host = value
            return isWord(value) && !value.hasPrefix("-")
        },
        AgentOption(
            flag: "--port", variable: "AGENT_API_PORT", placeholder: "N",
            help: "the port to listen on (0: a free one)", fallback: "8000", accepts: "a whole number from 0 to 65535"
        ) { value, options in
            assign(value, 0...65_535) { options.port = $0 }
        },
        AgentOption(
            flag: "--host-names", variable: "AGENT_API_HOST_NAMES", placeholder: "NAME[,…]",
            help: "further host names under which clients reach it, such as that of a proxy", fallback: "none",
            accepts: "names without a port, separated by commas"
        ) { value, options in
            options.hostNames = value.split(separator: ",").map { String($0).trimmed }
            return !options.hostNames.isEmpty
                && options.hostNames.allSatisfy { isWord($0) && !$0.contains("/") && !$0.contains(":") }
        },
        AgentOption(
            flag: "--public-url", variable: "AGENT_API_PUBLIC_URL", placeholder: "URL",
            help: "URL at which browsers reach it; links to artifacts begin with it",
            fallback: "its own address, if only this machine can reach it",
            accepts: "an http or https URL such as https://agent.example.com/path, without user, query or fragment"
        ) { value, options in
            options.publicURL = PublicURL.read(value)
            return options.publicURL != nil
        },
        AgentOption(
            flag: "--artifact-links", variable: "AGENT_API_ARTIFACT_LINKS", placeholder: "link|none",
            help: "whether an answer ends with links to the artifacts of its run, which open them without a key",
            fallback: "link", accepts: "link or none"
        ) { value, options in
            options.linksArtifacts = value == "link"
            return ["link", "none"].contains(value)
        },
        AgentOption(
            variable: "AGENT_API_KEYS",
            help: "the keys of the clients, separated by commas; USER:KEY is for one user, *USER:KEY for an operator",
            fallback: "none: every program on this machine has access",
            accepts: "keys of at least 16 characters, each of one user only"
        ) { value, options in
            options.clientKeys = value.split(separator: ",").map { String($0).trimmed }
            let keys = options.clientKeys.map { APIKey(parsing: $0).text }
            return !keys.isEmpty && keys.allSatisfy { isWord($0) && $0.utf8.count >= 16 }
                && Set(keys.map { Array($0.utf8) }).count == keys.count
        },
        AgentOption(
            flag: "--sessions", variable: "AGENT_SESSIONS", placeholder: "DIR|memory",
            help: "private directory that keeps the page's conversations; memory: until the service ends",
            fallback: "~/.local/state/exec-agent/conversations", accepts: "an absolute path or memory"
        ) { value, options in
            options.sessions = value == "memory" ? .memory : .directory(value)
            return value == "memory" || value.hasPrefix("/")
        },
        AgentOption(
            flag: "--ui-detach", variable: "AGENT_UI_DETACH", placeholder: "SECONDS",
            help: "how long a run of the page goes on while nobody watches it", fallback: "600",
            accepts: "a whole number from 1 to 604800"
        ) { value, options in
            assign(value, 1...604_800) { options.detachSeconds = $0 }
        },
        AgentOption(
            flag: "--artifact-scripts", variable: "AGENT_ARTIFACT_SCRIPTS", placeholder: "never|ask",
            help: "whether the page runs scripts in a previewed file if the user says so; they may leak what is in it",
            fallback: "ask; never with AGENT_API_KEYS", accepts: "never or ask"
        ) { value, options in
            options.artifactScripts = ArtifactScripts(rawValue: value)
            return options.artifactScripts != nil
        },
        AgentOption(
            flag: "--session-timeout", variable: "SESSION_TIMEOUT_SECONDS", placeholder: "SECONDS",
            help: "how long a user's conversation is remembered (0: not at all)", fallback: "3600",
            accepts: "a whole number from 0 to 604800"
        ) { value, options in
            assign(value, 0...604_800) { options.sessionTimeout = $0 }
        },
        AgentOption(
            flag: "--approve-timeout", variable: "AGENT_APPROVE_TIMEOUT", placeholder: "SECONDS",
            help: "how long a question waits for the page or a client that answers it", fallback: "120",
            accepts: "a whole number from 1 to 3600"
        ) { value, options in
            assign(value, 1...3600) { options.approvalTimeout = $0 }
        },
    ]

    static let log = [
        AgentOption.logLevel(variable: "AGENT_LOG_LEVEL", fallback: "warning; info for serve") { level, options in
            options.logLevel = level
        }
    ]

    private static func assign(_ text: String, _ range: ClosedRange<Int>, _ take: (Int) -> Void) -> Bool {
        guard let number = OptionValue.wholeNumber(text, in: range) else { return false }
        take(number)
        return true
    }

    /// Whether the text is a single printable word.
    private static func isWord(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= 4096 && text.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F }
    }

    private static func isUser(_ text: String) -> Bool {
        OptionValue.isName(text, extra: "_.-", limit: 63)
    }
}
