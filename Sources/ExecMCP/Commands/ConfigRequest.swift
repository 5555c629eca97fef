import CommandOptions
import Diagnostics
import ExecCore
import HostConfiguration
import SystemCalls

/// What the arguments of `exec-mcp config` ask for.
struct ConfigRequest: Sendable {
    /// `nil` where the hosts are to be listed.
    private(set) var host: Host?
    private(set) var isWritten = false
    private(set) var forProject = false
    private(set) var entry = ServerEntry(program: "")

    /// The server's options whose values are paths of this machine. They must not depend on where a host starts it.
    private static let pathFlags = ["--tools", "--skills", "--workspace", "--engine", "--audit-log"]
    /// Flags of this command that are followed by a value.
    static let flagsWithValue = ["--name", "--program"]

    /// - Throws: ``UsageError`` for arguments that are not accepted, those of the server included: better here than
    ///   when a host starts it.
    init(_ arguments: [String], defaults: Options) throws(UsageError) {
        let own = arguments.prefix { $0 != "--" }
        let options = try readOwn(own) + arguments.dropFirst(own.count + 1)
        guard let host else {
            guard arguments.isEmpty else { throw Self.missingHost }
            return
        }
        if forProject, host.projectFile == nil {
            throw UsageError(message: "\(host.title) has no file for a project; leave --project out")
        }
        if entry.program.isEmpty { entry.program = try Self.runningProgram() }
        guard case .serve(let parsed) = try OptionParser.parse(options, environment: [:], defaults: defaults) else {
            throw UsageError(message: "what follows -- must be options that the server is started with")
        }
        try Self.refuseRelativePaths(in: options)
        entry.arguments = options
        entry.longestCall = parsed.limits.maximumTimeout
        let effects = ToolEffects(in: parsed.configuration)
        if case .directory = parsed.configuration.workspace { entry.isConfined = false }
        if effects.reachesNetwork { entry.isConfined = false }
    }

    /// - Returns: the options of the server that stand among this command's own.
    private mutating func readOwn(_ arguments: some Collection<String>) throws(UsageError) -> [String] {
        var options: [String] = []
        var rest = Array(arguments)[...]
        while let argument = rest.popFirst() {
            let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            func value(_ accepts: String) throws(UsageError) -> String {
                guard let value = parts.count > 1 ? parts[1] : rest.popFirst() else {
                    throw UsageError(message: "\(parts[0]) needs a value: \(accepts)")
                }
                return value
            }
            switch parts[0] {
            case "--write" where parts.count == 1: isWritten = true
            case "--project" where parts.count == 1: forProject = true
            case "--name":
                entry.name = try value(ServerEntry.namePattern)
                guard ServerEntry.isName(entry.name) else {
                    throw Self.refusal("--name", entry.name, ServerEntry.namePattern)
                }
            case "--program":
                entry.program = try value("an absolute path")
                guard entry.program.hasPrefix("/") else {
                    throw Self.refusal("--program", entry.program, "an absolute path")
                }
            case _ where OptionDescription.all.contains { $0.flag == parts[0] }:
                options.append(argument)
                let takesValue = OptionDescription.all.contains { $0.flag == parts[0] && $0.takesValue }
                if takesValue, parts.count == 1, let value = rest.popFirst() { options.append(value) }
            default:
                guard host == nil, !argument.hasPrefix("-") else {
                    throw UsageError(
                        message: "config does not take \(Self.quoted(argument)): it takes a host, --write, --project, "
                            + "--name NAME, --program PATH, and the server's options behind --")
                }
                guard let found = Host.all.first(where: { $0.name == argument }) else {
                    throw UsageError(message: "\(Self.quoted(argument)) is no host: there is \(Self.hosts)")
                }
                host = found
            }
        }
        return options
    }

    /// - Parameter options: in a form that the parser of options has accepted.
    private static func refuseRelativePaths(in options: [String]) throws(UsageError) {
        var rest = options[...]
        while let argument = rest.popFirst() {
            let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard OptionDescription.all.contains(where: { $0.flag == parts[0] && $0.takesValue }) else { continue }
            guard let value = parts.count > 1 ? parts[1] : rest.popFirst(), pathFlags.contains(parts[0]) else {
                continue
            }
            // No directory at all.
            if value == "none", ["--tools", "--skills"].contains(parts[0]) { continue }
            for path in parts[0] == "--skills" ? HostPath.list(value) : [value] where isPath(path, of: parts[0]) {
                let path = HostPath.expanded(path)
                guard !path.hasPrefix("/") else { continue }
                throw refusal(parts[0], path, "an absolute path here, because hosts start the server anywhere")
            }
        }
    }

    /// Whether the value of a path's option is a path: some take words too.
    private static func isPath(_ value: String, of flag: String) -> Bool {
        switch flag {
        case "--workspace": !["persistent", "ephemeral"].contains(value)
        case "--engine": value.contains("/")
        default: true
        }
    }

    /// The absolute path by which this program was started, if it is one that lasts: a link that an update will point
    /// elsewhere is better than what it points to now.
    private static func runningProgram() throws(UsageError) -> String {
        guard let program = Environment.programPath else {
            throw UsageError(message: "the path of this program is not known; give it with --program")
        }
        let word = CommandLine.arguments.first ?? ""
        let directories = Executables.searchPath(Environment.variables["PATH"] ?? "")
        let candidates = word.contains("/") ? [word] : directories.map { "\($0)/\(word)" }
        return candidates.first { $0.hasPrefix("/") && Files.realPath($0) == program } ?? program
    }

    private static var hosts: String { Host.all.map(\.name).joined(separator: ", ") }

    private static let missingHost = UsageError(message: "config needs a host: \(hosts)")

    private static func refusal(_ flag: String, _ value: String, _ accepts: String) -> UsageError {
        UsageError(message: "\(flag) does not accept \(quoted(value)): it takes \(accepts)")
    }

    private static func quoted(_ text: String) -> String {
        "'\(text.singleLine(limit: 100))'"
    }
}
