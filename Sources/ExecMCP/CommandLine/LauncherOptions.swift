import CommandOptions
import ExecCore
import MCPServers

extension ServerOptionTable {
    /// The options about how sandboxes are started.
    static let launcherOptions = [
        ServerOption(
            flag: "--launcher", variable: "MCP_EXECUTOR_LAUNCHER", placeholder: "COMMAND|none",
            help: "what to put before the engine's command that starts a sandbox, such as srun with its options",
            fallback: "none", accepts: "a command and its options, quoted as for a shell, or none",
            objection: { launcherWords(in: $0).objection },
            paths: { launcherWords(in: $0).words.prefix(1).filter { $0.contains("/") } }
        ) { value, options in
            let (words, objection) = launcherWords(in: value)
            options.launcher = words
            return objection == nil
        },
        ServerOption(
            flag: "--start-timeout", variable: "MCP_EXECUTOR_START_TIMEOUT", placeholder: "SECONDS",
            help: "how long a sandbox may take to start, including a launcher's queue and a node's pull of the image",
            fallback: "60; 600 with --launcher or --engine kubectl", accepts: "a whole number from 5 to 86400"
        ) { value, options in
            guard let seconds = OptionValue.wholeNumber(value, in: 5...86_400) else { return false }
            options.limits.startTimeout = seconds
            return true
        },
    ]

    private static let maxLauncherBytes = 4096

    /// Returns the launcher's words, or the reason why the text can't be one.
    private static func launcherWords(in text: String) -> (words: [String], objection: String?) {
        guard text != "none" else { return ([], nil) }
        guard text.utf8.count <= maxLauncherBytes else { return ([], "more than \(maxLauncherBytes) bytes") }
        guard !text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control && $0 != "\t" }) else {
            return ([], "it has a control character")
        }
        do throws(ServerConfigurationError) {
            var words = try ShellWords.split(text)
            guard !words[0].hasPrefix("-") else { return ([], "a program comes first, not an option") }
            words[0] = HostPath.expanded(words[0])
            return (words, nil)
        } catch {
            return ([], error.message)
        }
    }
}

extension ServerOptionParser {
    /// Chooses the default workspace: volumes belong to one machine, and a launcher may choose another for each sandbox.
    static func settleWorkspace(_ options: inout Options) {
        if options.isLaunched, !options.namesWorkspace { options.configuration.workspace = .ephemeral }
    }
}
