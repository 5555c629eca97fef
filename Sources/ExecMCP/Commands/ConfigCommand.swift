import CommandOptions
import Diagnostics
import ExecCore
import HostConfiguration
import SystemCalls

/// `exec-mcp config`: prints the configuration that adds this server to an MCP host, or writes it to the host's file.
struct ConfigCommand: Subcommand {
    let name = "config"
    let summary = "print the configuration for an MCP host, or write it to the host's file"

    let flagsWithValue = ConfigRequest.options.filter(\.takesValue).map(\.flag)

    private let platform = Platform(variables: Environment.variables)

    func run(_ arguments: [String], defaults: Options) throws(UsageError) -> Int32 {
        let request = try ConfigRequest(arguments, defaults: defaults)
        guard let host = request.host else {
            print(listing)
            return 0
        }
        return request.isWritten ? write(request, of: host) : show(request, of: host)
    }

    private func show(_ request: ConfigRequest, of host: Host) -> Int32 {
        print(host.block(request.entry), terminator: "")
        let file = request.forProject ? host.projectFile : userFile(of: host)
        var lines = ["\(host.title) reads this from \(file ?? "its configuration file")"]
        if request.forProject {
            lines[0] += " in the project"
        } else if let projectFile = host.projectFile {
            lines[0] += ", or with --project from \(projectFile) in a project"
        }
        lines.append("Add --write to put it there; the rest of the file is kept.")
        if let command = host.shellCommand(request.entry, forProject: request.forProject) {
            lines.append("Or in a shell: \(command)")
        }
        Logger.writeToStandardError(lines.map { $0 + "\n" }.joined())
        return 0
    }

    private func write(_ request: ConfigRequest, of host: Host) -> Int32 {
        let path = request.forProject ? projectFile(of: host) : host.userFile(platform)
        guard let path else {
            return fail("HOME is not set, so \(host.title)'s file cannot be located", request, host)
        }
        do throws(ConfigurationError) {
            let outcome = try host.set(request.entry, inFile: path)
            print(report(outcome, request.entry.name).singleLine(limit: 10_000))
            if let backup = outcome.backup { print("Backup: \(backup.singleLine(limit: 10_000))") }
            if outcome.change != .none { print("Restart \(host.title) to start the server.") }
            return 0
        } catch {
            return fail(error.message, request, host)
        }
    }

    private func fail(_ reason: String, _ request: ConfigRequest, _ host: Host) -> Int32 {
        let command = "exec-mcp config \(host.name)"
        let message = "\(reason). Nothing was changed; \(command) prints what to paste by hand"
        Logger.writeToStandardError("exec-mcp: \(message.singleLine(limit: 10_000))\n")
        return 1
    }

    private func report(_ outcome: ConfigWriteResult, _ name: String) -> String {
        switch outcome.change {
        case .created: "Created \(outcome.path) with the server \(name)."
        case .added: "Added the server \(name) to \(outcome.path)."
        case .replaced: "Replaced the server \(name) in \(outcome.path)."
        case .none: "The server \(name) is already in \(outcome.path); nothing was written."
        }
    }

    private var listing: String {
        let rows = Host.all.map { host in
            let project = host.projectFile.map { ", --project: \($0)" } ?? ""
            return host.name.padded(to: 16) + (userFile(of: host) ?? "no home directory") + project
        }
        return rows.joined(separator: "\n")
    }

    /// Returns the path of the user's configuration file, with `~` for the home directory.
    private func userFile(of host: Host) -> String? {
        guard let path = host.userFile(platform) else { return nil }
        let home = Environment.home + "/"
        return (home.count > 1 && path.hasPrefix(home) ? "~/" + path.dropFirst(home.count) : path)
            .singleLine(limit: 10_000)
    }

    private func projectFile(of host: Host) -> String? {
        guard let file = host.projectFile, let directory = Files.realPath(".") else { return nil }
        return directory == "/" ? "/" + file : "\(directory)/\(file)"
    }
}

extension ConfigCommand {
    var help: String {
        let width = 22
        let hosts = Host.all.map(\.name).joined(separator: ", ")
        return """
            Prints the configuration that adds this server to an MCP host, or writes it to the host's file.

            Usage: exec-mcp config [HOST [--write] [--project] [--name NAME] [--program PATH] [-- OPTION VALUE …]]

            \("HOST".padded(to: width))one of \(hosts);
            \("".padded(to: width))without it, all of them are listed with the file that each reads
            \("--write".padded(to: width))write the server to the host's file instead of printing the block to paste
            \("--project".padded(to: width))the file of the project in this directory instead of your own
            \("--name NAME".padded(to: width))the server's name in the host (exec)
            \("--program PATH".padded(to: width))the program that the host starts (this one)
            \("-- OPTION VALUE …".padded(to: width))options that the host starts it with; exec-mcp --help lists them.
            \("".padded(to: width))The -- may be omitted

            --write keeps everything else in the file byte for byte, comments included, and saves the previous version
            next to it, as FILE.backup-YYYYMMDD-HHMMSS. An entry of the same name is replaced. A file that cannot be
            parsed is left unchanged.

            Examples:
              exec-mcp config cursor
              exec-mcp config vscode --project --write
              exec-mcp config claude-desktop --write -- --memory 2g --workspace ~/notes

            Exit status: 0 if it was printed, written or already there, 1 if the file could not be changed, 2 for
            invalid arguments.

            """
    }
}
