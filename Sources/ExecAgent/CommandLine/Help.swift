import CommandOptions

/// The output of `--help` and `--version`.
enum Help {
    static let version = ProgramVersion.text

    static var text: String {
        """
        exec-agent \(version): an AI agent that runs code in a private, hardened container.

        Usage: exec-agent [OPTION VALUE]… "TASK"    work on one task
               exec-agent [OPTION VALUE]…           a conversation (/help lists its commands)
               exec-agent serve [OPTION VALUE]…     an OpenAI-compatible API in front of the agent

        It asks any model that has an OpenAI-compatible API, and starts exec-mcp, the one beside it or on PATH, for the
        tools:

          OPENAI_API_KEY=… exec-agent --model NAME "Plot the first 50 primes"
          exec-agent --base-url http://localhost:11434/v1 --model NAME "…"

        The answer goes to standard output, what the agent does to standard error. Without a task, and with standard
        input that is no terminal, the task is read from there; so it is for the task -.

        Options (a flag beats its variable):

        \(rows(OptionTable.model + OptionTable.tools + OptionTable.limits))

        Of a task and a conversation:

        \(rows(OptionTable.task))

        Of exec-agent serve:

        \(rows(OptionTable.service))

        Of all:

        \(rows(OptionTable.log))

          --version    print the version
          --help       print this

        Exit status: 0 when the task was answered, 1 when it failed, 2 for a command line that is not accepted, 3 when
        a limit was met before the task was done, 128 and the signal's number when a signal ended it (130: Ctrl-C).

        """
    }

    private static func rows(_ options: [OptionDescription]) -> String {
        options.map(\.helpRow).joined(separator: "\n")
    }
}
