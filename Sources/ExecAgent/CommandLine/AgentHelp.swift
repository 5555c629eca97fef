import CommandOptions

/// The output of `--help` and `--version`.
enum AgentHelp {
    static let version = ProgramVersion.text

    static var text: String {
        """
        exec-agent \(version): an AI agent that runs code in a private, hardened container.

        Usage: exec-agent [OPTION VALUE]… "TASK"    work on one task
               exec-agent [OPTION VALUE]…           a conversation (/help lists its commands)
               exec-agent serve [OPTION VALUE]…     an OpenAI-compatible API in front of the agent

        It uses any model that has an OpenAI-compatible API, and starts exec-mcp, next to it or on PATH, for the tools:

          OPENAI_API_KEY=… exec-agent --model NAME "Plot the first 50 primes"
          exec-agent --base-url http://localhost:11434/v1 --model NAME "…"

        The answer goes to standard output, what the agent does to standard error. Without a task, if standard input
        isn't a terminal, the task is read from it; the task - always means standard input.

        Options (a flag overrides its variable):

        \(rows(AgentOptionTable.model + AgentOptionTable.tools + AgentOptionTable.limits))

        Options of a task and a conversation:

        \(rows(AgentOptionTable.task))

        Options of exec-agent serve:

        \(rows(AgentOptionTable.service))

        Options of all:

        \(rows(AgentOptionTable.log))

          --version    print the version
          --help       print this

        Exit status: 0 if the task was answered, 1 if it failed, 2 if the command line isn't valid, 3 if a limit was
        reached before the task was done, 128 plus the signal's number if a signal ended it (130: Ctrl-C).

        """
    }

    private static func rows(_ options: [AgentOption]) -> String {
        options.map(\.helpRow).joined(separator: "\n")
    }
}
