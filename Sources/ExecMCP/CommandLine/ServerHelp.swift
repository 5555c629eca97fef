import CommandOptions

/// The output of `--help` and `--version`.
enum ServerHelp {
    static let version = ProgramVersion.text

    static var text: String {
        let rows = ServerOption.all.map(\.helpRow)
        let commands = Commands.all.map { "  \($0.name.padded(to: 12))\($0.summary)" }
        return """
            exec-mcp \(version): an MCP server that runs an agent's code in a private, hardened container.

            Usage: exec-mcp [OPTION [VALUE]]…
                   exec-mcp COMMAND …

            It speaks the Model Context Protocol over its standard input and output: MCP hosts start it. In a host's
            configuration:

              {"mcpServers": {"exec": {"command": "exec-mcp"}}}

            exec-mcp config prints that for your host, with the real path.

            It needs a container engine (Docker, or anything with Docker's command line) and the sandbox image, which
            exec-mcp image builds; exec-mcp doctor checks both. A container is started at the first tool call (with
            --prewarm: when the tools are listed) and is gone when the server ends.

            Commands (see exec-mcp COMMAND --help; a command may come before or after options):

            \(commands.joined(separator: "\n"))

            Options (a flag overrides its variable):

            \(rows.joined(separator: "\n"))

              --version    print the version
              --help       print this help

            Exit status: 0 when the host closed the connection, 1 when it or a command failed, 2 for an invalid
            command line.

            """
    }
}
