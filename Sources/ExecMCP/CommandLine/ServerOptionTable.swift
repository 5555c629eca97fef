import CommandOptions
import Diagnostics
import ExecCore
import Telemetry

/// An option of the server.
typealias ServerOption = CommandOptions.OptionDescription<Options>

extension ServerOption {
    /// Every option, in the order of the help.
    static var all: [ServerOption] { ServerOptionTable.all }
}

/// The options of the server.
enum ServerOptionTable {
    /// Every option, in the order of the help.
    static let all: [ServerOption] =
        sandboxOptions + resourceOptions + launcherOptions + kubernetesOptions + limitOptions + prewarmOptions
        + bridgeOptions
        + privateDataOptions + logOptions

    /// The value that stands for no directory.
    private static let none = "none"

    private static let sandboxOptions = [
        ServerOption(
            flag: "--image", variable: "MCP_EXECUTOR_IMAGE", placeholder: "NAME", help: "image of the sandbox",
            fallback: "mcp-code-executor:latest", accepts: "the name of an image"
        ) { value, options in
            guard isImageName(value) else { return false }
            options.configuration.image = value
            return true
        },
        ServerOption(
            flag: "--python", variable: "MCP_EXECUTOR_PYTHON", placeholder: "plain|instant",
            help: "how python3 starts in the sandbox; instant: with its imports already done", fallback: "plain",
            accepts: "plain or instant"
        ) { value, options in
            assign(value, to: \.configuration.python, of: &options)
        },
        ServerOption(
            flag: "--engine", variable: "MCP_EXECUTOR_ENGINE", placeholder: "PROGRAM",
            help: "docker-compatible command line, or kubectl for a cluster; name or path", fallback: "docker",
            accepts: "a program's name or path", paths: { $0.contains("/") ? [$0] : [] }
        ) { value, options in
            options.engine = HostPath.expanded(value)
            return !value.isEmpty && !value.hasPrefix("-")
        },
        ServerOption(
            flag: "--no-build", variable: "MCP_EXECUTOR_NO_BUILD",
            help: "neither build nor pull a missing image at the first call, but say how to", fallback: "no",
            accepts: switchValues
        ) { value, options in
            guard let isOn = switchValue(value) else { return false }
            options.buildsImage = !isOn
            return true
        },
        ServerOption(
            flag: "--engine-location", variable: "MCP_EXECUTOR_ENGINE_LOCATION", placeholder: "auto|local|remote",
            help: "where the engine runs; auto: as its address says", fallback: "auto",
            accepts: "auto, local or remote"
        ) { value, options in
            assign(value, to: \.engineLocation, of: &options)
        },
        ServerOption(
            flag: "--seal-channel", variable: "MCP_EXECUTOR_SEAL_CHANNEL",
            help: "encrypt what the server and its sandboxes send each other, because something records it",
            fallback: "no", accepts: switchValues
        ) { value, options in
            guard let isOn = switchValue(value) else { return false }
            options.configuration.sealsChannel = isOn
            return true
        },
        ServerOption(
            flag: "--user", variable: "MCP_EXECUTOR_USER", placeholder: "NAME",
            help: "user whose sandbox and workspace are used", fallback: "the login name", accepts: UserID.pattern
        ) { value, options in
            guard let user = UserID(value) else { return false }
            options.user = user
            return true
        },
        ServerOption(
            flag: "--tools", variable: "MCP_TOOLS_PATH", placeholder: "DIR|none",
            help: "Python modules, mounted read-only at /tools", fallback: "tools next to the program",
            accepts: "a directory, or none (./none is a directory of that name)",
            objection: { $0 == none ? nil : HostPath.objection(to: $0) }, paths: { $0 == none ? [] : [$0] }
        ) { value, options in
            let path = HostPath.directory(value)
            options.configuration.toolsDirectory = value == none ? nil : path
            return value == none || path != nil
        },
        ServerOption(
            flag: "--skills", variable: "MCP_SKILLS_PATH", placeholder: "DIR[:DIR…]|none",
            help: "skills, mounted read-only at /skills", fallback: "skills next to the program",
            accepts: "directories separated by :, or none (./none is a directory of that name)",
            objection: { value in
                let missing = HostPath.list(value).first { HostPath.directory($0) == nil }
                return missing.flatMap { path in HostPath.objection(to: path).map { "\(path): \($0)" } }
            }, paths: { $0 == none ? [] : HostPath.list($0) }
        ) { value, options in
            if value == none {
                options.configuration.skillsDirectories = []
                options.configuration.skillStore = nil
                return true
            }
            let parts = HostPath.list(value).map(HostPath.directory)
            guard !parts.isEmpty, !parts.contains(nil) else { return false }
            options.configuration.skillsDirectories = parts.compactMap { $0 }
            return true
        },
        ServerOption(
            flag: "--workspace", variable: "MCP_EXECUTOR_WORKSPACE", placeholder: "KIND|DIR",
            help: "persistent (volumes that survive the server), ephemeral (memory) or a directory of this machine",
            fallback: "persistent",
            accepts: "persistent, ephemeral or the path of a directory (not /)",
            objection: { value in
                HostPath.directory(value) == "/" ? "this is / itself" : HostPath.objection(to: value)
            }, paths: { ["persistent", "ephemeral"].contains($0) ? [] : [$0] }
        ) { value, options in
            options.namesWorkspace = true
            switch value {
            case "persistent": options.configuration.workspace = .persistent
            case "ephemeral": options.configuration.workspace = .ephemeral
            default:
                guard let path = HostPath.directory(value), path != "/" else { return false }
                // The user is set after all options have been parsed.
                options.configuration.workspace = .directory(path: path, user: options.user)
            }
            return true
        },
        ServerOption(
            flag: "--network", variable: "MCP_EXECUTOR_NETWORK", placeholder: "NAME",
            help: "none, bridge or the name of one of the engine's networks", fallback: "none",
            accepts: "none, bridge or a network's name (never host)"
        ) { value, options in
            guard OptionValue.isName(value, extra: "_.-", limit: 255), value != "host" else { return false }
            options.configuration.network = value
            return true
        },
        ServerOption(
            flag: "--allow-host", variable: "MCP_EXECUTOR_ALLOW_HOST", placeholder: "HOST:PORT[,…]",
            help: "a host that can be reached without a network; may be repeated", fallback: "none",
            accepts: AllowedHost.pattern + ", a public host; several separated by commas"
        ) { value, options in
            let hosts = value.split(whereSeparator: { $0 == "," || $0 == " " }).map { AllowedHost(String($0)) }
            options.configuration.allowedHosts += hosts.compactMap { $0 }
            return !hosts.isEmpty && !hosts.contains(nil)
                && options.configuration.allowedHosts.count <= AllowedHost.maxHosts
        },
        ServerOption(
            flag: "--runtime", variable: "MCP_EXECUTOR_RUNTIME", placeholder: "NAME",
            help: "the engine's runtime, for example runsc", fallback: "the engine's own",
            accepts: "the name of a runtime"
        ) { value, options in
            guard OptionValue.isName(value, extra: "_.-/", limit: 255) else { return false }
            options.configuration.runtime = value
            return true
        },
    ]

    private static let resourceOptions = [
        ServerOption(
            flag: "--memory", variable: "MCP_EXECUTOR_MEMORY", placeholder: "SIZE",
            help: "memory of a sandbox, including its in-memory directories", fallback: "1g",
            accepts: "a size of at least 128m, such as 512m or 2g"
        ) { value, options in
            guard let size = ByteCount(value), size.bytes >= 128 << 20 else { return false }
            options.configuration.memory = size
            return true
        },
        ServerOption(
            flag: "--cpus", variable: "MCP_EXECUTOR_CPUS", placeholder: "N", help: "processors of a sandbox",
            fallback: "1", accepts: "a number above 0, such as 0.5 or 2"
        ) { value, options in
            guard value.allSatisfy({ $0.isASCII && ($0.isNumber || $0 == ".") }), let number = Double(value),
                number >= 0.01, number <= 4096
            else { return false }
            options.configuration.cpus = value
            return true
        },
        wholeNumber(
            flag: "--pids", variable: "MCP_EXECUTOR_PIDS", placeholder: "N",
            help: "processes and threads of a sandbox",
            fallback: "256; \(SandboxConfiguration.pidsWithRuntime) with --runtime",
            in: 32...1_000_000, to: \.configuration.pids),
    ]

    private static let limitOptions = [
        wholeNumber(
            flag: "--max-timeout", variable: "MCP_EXECUTOR_MAX_TIMEOUT", placeholder: "SECONDS",
            help: "the longest timeout that a call may request", fallback: "600",
            in: 1...86_400, to: \.limits.maxTimeout),
        wholeNumber(
            flag: "--output-limit", variable: "MCP_EXECUTOR_OUTPUT_LIMIT", placeholder: "BYTES",
            help: "bytes of each stream, or of a file's page, that one call returns", fallback: "32768",
            in: 1024...1_048_576, to: \.limits.output),
        ServerOption(
            flag: "--picture-limit", variable: "MCP_EXECUTOR_PICTURE_LIMIT", placeholder: "BYTES|none",
            help: "largest picture from read_file, in bytes; a larger one is scaled down; none: described in words",
            fallback: "1000000", accepts: "none, or a whole number from 10000 to 4000000"
        ) { value, options in
            if value == "none" {
                options.limits.pictureBytes = 0
                return true
            }
            return assign(value, 10_000...4_000_000, to: \.limits.pictureBytes, of: &options)
        },
        wholeNumber(
            flag: "--artifact-limit-mb", variable: "MCP_ARTIFACT_SIZE_LIMIT_MB", placeholder: "MB",
            help: "the largest artifact", fallback: "50", in: 1...1024, to: \.limits.artifactMebibytes),
        ServerOption(
            flag: "--artifact-links", variable: "MCP_EXECUTOR_ARTIFACT_LINKS", placeholder: "text|link|none",
            help: "how a command's result names its artifacts; text: for clients that cannot handle links",
            fallback: "link", accepts: "text, link or none"
        ) { value, options in
            assign(value, to: \.artifactLinks, of: &options)
        },
        ServerOption(
            flag: "--workspace-limit", variable: "MCP_EXECUTOR_WORKSPACE_LIMIT", placeholder: "SIZE",
            help: "what a persistent workspace may hold; a command that goes over is stopped", fallback: "2g",
            accepts: "a size of at least 16m, such as 512m or 10g"
        ) { value, options in
            guard let size = ByteCount(value), size.bytes >= 16 << 20 else { return false }
            options.configuration.workspaceLimit = size
            return true
        },
        wholeNumber(
            flag: "--idle-timeout", variable: "MCP_EXECUTOR_IDLE_TIMEOUT", placeholder: "SECONDS",
            help: "stop a sandbox after this time without a call (0: never); the next call starts it again",
            fallback: "1800", in: 0...604_800, to: \.limits.idleTimeout),
        wholeNumber(
            flag: "--job-timeout", variable: "MCP_EXECUTOR_JOB_TIMEOUT", placeholder: "SECONDS",
            help: "how long background processes keep a sandbox after its last call (0: as long as they run)",
            fallback: "259200", in: 0...2_592_000, to: \.limits.jobTimeout),
        wholeNumber(
            flag: "--linger", variable: "MCP_EXECUTOR_LINGER", placeholder: "SECONDS",
            help: "keep a sandbox this long after the server ends, for the next one with the same user and options",
            fallback: "0", in: 0...86_400, to: \.limits.linger),
        wholeNumber(
            flag: "--heartbeat", variable: "MCP_EXECUTOR_HEARTBEAT", placeholder: "SECONDS",
            help: "time between signs of life of server and sandbox; after four without one, either gives up",
            fallback: "15", in: 1...600, to: \.limits.heartbeat),
        wholeNumber(
            flag: "--max-sandboxes", variable: "MCP_EXECUTOR_MAX_SANDBOXES", placeholder: "N",
            help: "sandboxes at once, one for each user; beyond it the one idle longest is stopped", fallback: "32",
            in: 1...1000, to: \.limits.maxSandboxes),
    ]

    private static let prewarmOptions = [
        ServerOption(
            flag: "--prewarm", variable: "MCP_EXECUTOR_PREWARM",
            help: "start a user's sandbox when the tools are listed, not at the first call", fallback: "no",
            accepts: switchValues
        ) { value, options in
            guard let isOn = switchValue(value) else { return false }
            options.prewarm = isOn
            return true
        },
        ServerOption(
            flag: "--prewarm-users", variable: "MCP_EXECUTOR_PREWARM_USERS", placeholder: "USER[,USER…]",
            help: "further users whose sandboxes are started then; implies --prewarm", fallback: "none",
            accepts: "names separated by commas, each \(UserID.pattern)"
        ) { value, options in
            let users = value.split(separator: ",", omittingEmptySubsequences: false).map { UserID(String($0)) }
            options.prewarmUsers = users.compactMap { $0 }.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
            return !users.contains(nil)
        },
    ]

    private static let logOptions = [
        ServerOption(
            flag: "--audit-log", variable: "MCP_EXECUTOR_AUDIT_LOG", placeholder: "FILE",
            help: "file that gets one line of JSON for each call", fallback: "none", accepts: "the path of a file",
            paths: { [$0] }
        ) { value, options in
            let path = HostPath.expanded(value)
            // The file is checked when the server opens it, because other commands parse this option too.
            options.auditLog = path
            return !path.isEmpty && !path.hasPrefix("-") && !path.hasSuffix("/")
        },
        ServerOption(
            flag: "--metrics-file", variable: "MCP_EXECUTOR_METRICS_FILE", placeholder: "FILE",
            help: "file for node_exporter's textfile collector; a second server writes FILE with a number in its name",
            fallback: "none", accepts: "the path of a file whose name ends in .prom", paths: { [$0] }
        ) { value, options in
            let path = HostPath.expanded(value)
            // As for the audit log.
            options.metricsFile = path
            return path.hasSuffix(MetricsFile.suffix) && !path.hasPrefix("-")
        },
        ServerOption.logLevel(variable: "MCP_EXECUTOR_LOG_LEVEL", fallback: "info") { level, options in
            options.logLevel = level
        },
    ]

    static let switchValues = "yes, true, 1, no, false or 0"

    /// The value of an option that is on or off; `nil` for anything else.
    static func switchValue(_ text: String) -> Bool? {
        switch text {
        // Used as a flag, it has no value.
        case "", "yes", "true", "1": true
        case "no", "false", "0": false
        default: nil
        }
    }

    /// An option whose value is a whole number.
    private static func wholeNumber(
        flag: String, variable: String, placeholder: String, help: String, fallback: String,
        in range: ClosedRange<Int>, to path: any WritableKeyPath<Options, Int> & Sendable
    ) -> ServerOption {
        ServerOption(
            flag: flag, variable: variable, placeholder: placeholder, help: help, fallback: fallback,
            accepts: "a whole number from \(range.lowerBound) to \(range.upperBound)"
        ) { value, options in
            assign(value, range, to: path, of: &options)
        }
    }

    private static func assign(
        _ text: String, _ range: ClosedRange<Int>, to path: WritableKeyPath<Options, Int>, of options: inout Options
    ) -> Bool {
        guard let number = OptionValue.wholeNumber(text, in: range) else { return false }
        options[keyPath: path] = number
        return true
    }

    static func assign<Choice: RawRepresentable<String>>(
        _ text: String, to path: WritableKeyPath<Options, Choice>, of options: inout Options
    ) -> Bool {
        guard let choice = Choice(rawValue: text) else { return false }
        options[keyPath: path] = choice
        return true
    }

    /// Whether `text` is a valid image name.
    static func isImageName(_ text: String) -> Bool {
        OptionValue.isName(text, extra: "._-/:@", limit: 255)
    }
}
