import CommandOptions
import ExecCore
import HostConfiguration
import SystemCalls

/// The parsed arguments of `exec-mcp config`.
struct ConfigRequest: Sendable {
    /// `nil` if the hosts should be listed.
    private(set) var host: Host?
    private(set) var isWritten = false
    private(set) var forProject = false
    private(set) var entry = ServerEntry(program: "")

    /// This command's own options.
    static let options: [CommandOptions.OptionDescription<ConfigRequest>] = [
        .init(ofCommand: "--write") { _, request in
            request.isWritten = true
            return true
        },
        .init(ofCommand: "--project") { _, request in
            request.forProject = true
            return true
        },
        .init(ofCommand: "--name", placeholder: "NAME", accepts: ServerEntry.namePattern) { value, request in
            request.entry.name = value
            return ServerEntry.isName(value)
        },
        .init(ofCommand: "--program", placeholder: "PATH", accepts: "an absolute path") { value, request in
            request.entry.program = value
            return value.hasPrefix("/")
        },
    ]

    /// - Throws: ``UsageError`` for invalid arguments. Includes the server's arguments, so that they fail here and not
    ///   when a host starts the server.
    init(_ arguments: [String], defaults: Options) throws(UsageError) {
        let own = arguments.prefix { $0 != "--" }
        let parser = SubcommandParser(options: Self.options, program: ServerOption.all)
        let options =
            try parser.parse(own, into: &self) { (argument, request) throws(UsageError) in
                try request.readHost(argument)
            } + arguments.dropFirst(own.count + 1)
        guard let host else {
            guard arguments.isEmpty else { throw Self.missingHost }
            return
        }
        if forProject, host.projectFile == nil {
            throw UsageError(message: "\(host.title) has no project file; omit --project")
        }
        if entry.program.isEmpty { entry.program = try Self.runningProgram() }
        guard case .serve(let parsed) = try ServerOptionParser.parse(options, environment: [:], defaults: defaults)
        else {
            throw UsageError(message: "the arguments after -- must be options of the server")
        }
        try Self.refuseRelativePaths(in: options)
        entry.arguments = options
        entry.maxCallSeconds = parsed.limits.maxTimeout
        let effects = ToolEffects(in: parsed.configuration)
        if case .directory = parsed.configuration.workspace { entry.isConfined = false }
        if effects.reachesNetwork { entry.isConfined = false }
    }

    /// Parses an argument that isn't an option as the host.
    private mutating func readHost(_ argument: Argument) throws(UsageError) {
        guard host == nil, !argument.text.hasPrefix("-") else {
            throw UsageError(
                message: "config does not accept \(argument.quoted): it accepts a host, --write, --project, "
                    + "--name NAME, --program PATH, and the server's options after --")
        }
        guard let found = Host.all.first(where: { $0.name == argument.text }) else {
            throw UsageError(message: "unknown host \(argument.quoted): the hosts are \(Self.hosts)")
        }
        host = found
    }

    /// Rejects paths that depend on the directory in which a host starts the server.
    ///
    /// - Parameter options: options that the option parser has accepted.
    private static func refuseRelativePaths(in options: [String]) throws(UsageError) {
        var reader = ArgumentReader(options)
        while let argument = reader.next() {
            guard let option = ServerOption.all.first(where: { $0.flag == argument.flag && $0.takesValue }),
                let value = reader.value(of: argument)
            else { continue }
            for path in option.paths(value).map(HostPath.expanded) where !path.hasPrefix("/") {
                throw .notAccepted(
                    path, by: option.flag, accepts: "an absolute path here, because hosts start the server anywhere")
            }
        }
    }

    /// Returns an absolute path of this program that stays valid. Prefers the path by which it was started: a link that
    /// an update redirects is better than its current target.
    private static func runningProgram() throws(UsageError) -> String {
        guard let program = Environment.programPath else {
            throw UsageError(message: "the path of this program is unknown; give it with --program")
        }
        let word = CommandLine.arguments.first ?? ""
        let directories = Executables.searchPath(Environment.variables["PATH"] ?? "")
        let candidates = word.contains("/") ? [word] : directories.map { "\($0)/\(word)" }
        return candidates.first { $0.hasPrefix("/") && Files.realPath($0) == program } ?? program
    }

    private static var hosts: String { Host.all.map(\.name).joined(separator: ", ") }

    private static let missingHost = UsageError(message: "config needs a host: \(hosts)")
}
