import CommandOptions
import Diagnostics

/// What a command line requests.
enum AgentInvocation: Sendable, Equatable {
    /// Work on one task; `nil` to read it from standard input.
    case task(String?, AgentOptions)
    case conversation(AgentOptions)
    case serve(AgentOptions)
    case help
    case version

    /// Parses the command line and the environment.
    ///
    /// - Parameters:
    ///   - arguments: without the program's name.
    ///   - isAtTerminal: whether standard input is a terminal.
    /// - Throws: ``UsageError`` for invalid input.
    init(_ arguments: [String], environment: [String: String], isAtTerminal: Bool) throws(UsageError) {
        var arguments = arguments
        if ["help", "version"].contains(arguments.first) {
            self = arguments.first == "help" ? .help : .version
            return
        }
        let flags = (AgentOptionTable.ofTask + AgentOptionTable.ofService).filter(\.takesValue).map(\.flag)
        let word = CommandWord.place(in: arguments, takesValue: flags.contains)
        let serves = word.map { arguments[$0] == "serve" } ?? false
        if serves, let word { arguments.remove(at: word) }
        var options = AgentOptions()
        if serves { (options.logLevel, options.approval) = (.info, .page) }
        let parser = OptionParser(
            program: "exec-agent", options: serves ? AgentOptionTable.ofService : AgentOptionTable.ofTask,
            acceptsWords: !serves)
        switch try parser.parse(arguments, environment: environment, into: &options) {
        case .help: self = .help
        case .version: self = .version
        case .run(let words):
            guard serves || options.approval != .page else {
                throw UsageError(message: "--approve page is for exec-agent serve. Use --approve ask.")
            }
            self = serves ? .serve(options) : try Self.task(words, options, isAtTerminal: isAtTerminal)
            try Self.check(options)
            // Prevents accidentally exposing the service to the network. The service checks its actual addresses again.
            guard AccessPolicy.isLoopback(options.host) || !options.clientKeys.isEmpty else {
                throw UsageError(
                    message: "\(options.host) accepts connections from other machines: set AGENT_API_KEYS to the keys "
                        + "that clients must send, or listen on 127.0.0.1")
            }
        }
    }

    private static func task(
        _ words: [String], _ options: AgentOptions, isAtTerminal: Bool
    ) throws(UsageError) -> AgentInvocation {
        guard words.count <= 1 else { throw UsageError(message: "the task is one argument: put it in quotes") }
        guard let task = words.first, task != "-" else {
            guard isAtTerminal, words.isEmpty else { return .task(nil, options) }
            guard !options.isJSON else { throw UsageError(message: "--json needs a task") }
            return .conversation(options)
        }
        guard !task.trimmed.isEmpty else { throw UsageError(message: "the task is empty") }
        return .task(task, options)
    }

    private static func check(_ options: AgentOptions) throws(UsageError) {
        guard !options.model.isEmpty else {
            throw UsageError(message: "no model is set: set DEFAULT_MODEL, or give --model NAME")
        }
        guard !options.usesBridge || !options.serverFiles.isEmpty else {
            throw UsageError(message: "--bridge needs servers: name a file that has some with --mcp-config")
        }
        guard options.key != nil || options.baseURL != AgentOptions.openAI else {
            throw UsageError(
                message: "no key is set for \(AgentOptions.openAI): set OPENAI_API_KEY, or name another endpoint with "
                    + "OPENAI_BASE_URL")
        }
    }
}
