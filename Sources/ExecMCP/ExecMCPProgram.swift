import Bridge
import CommandOptions
import Diagnostics
import ExecCore
import SystemCalls
import Threading

/// The program's entry point: parses the command line and runs the command or the server.
enum ExecMCPProgram {
    private static let usageStatus: Int32 = 2

    /// - Returns: the exit status. Doesn't return while a server runs.
    static func run(arguments: [String]) -> Int32 {
        if arguments.first == SandboxHolder.word { return SandboxHolder.run(Array(arguments.dropFirst())) }
        if arguments.first == ImageProvision.word { return ImageProvider.run(Array(arguments.dropFirst())) }
        var defaults = Options()
        defaults.configuration.toolsDirectory = Environment.companionDirectory("tools")
        defaults.configuration.skillsDirectories = Environment.companionDirectory("skills").map { [$0] } ?? []
        defaults.configuration.skillStore = StateDirectory.usual(variables: Environment.variables)
            .map { "\($0.path)/skills" }
        do {
            if let call = try Commands.call(in: arguments) {
                return flushed(try run(call.command, call.arguments, defaults))
            }
            switch try ServerOptionParser.parse(arguments, environment: Environment.variables, defaults: defaults) {
            case .help: print(ServerHelp.text, terminator: "")
            case .version: print("exec-mcp \(ServerHelp.version)")
            case .serve(let options):
                ShutdownSignals.block()
                Allocator.returnLargeBlocks()
                try ServerProcess(options).run()
            }
            return flushed(0)
        } catch let error as UsageError {
            Logger.writeToStandardError("exec-mcp: \(error.message)\n")
            return usageStatus
        } catch {
            Logger.writeToStandardError("exec-mcp: cannot start: \(error)\n")
            return 1
        }
    }

    /// Writes what was printed and is still in a buffer.
    ///
    /// - Returns: the exit status; a failure if standard output can't be written, so that nobody takes a part of the
    ///   output for the whole.
    private static func flushed(_ status: Int32) -> Int32 {
        switch StandardOutput.flush() {
        case nil: return status
        case .closed: return 128 + SIGPIPE
        case .unwritable(let reason):
            Logger.writeToStandardError("exec-mcp: cannot write to standard output: \(reason)\n")
        }
        return status == 0 ? 1 : status
    }

    private static func run(
        _ command: any Subcommand, _ arguments: [String], _ defaults: Options
    ) throws(UsageError) -> Int32 {
        guard !Commands.wantsHelp(arguments) else {
            print(command.help, terminator: "")
            return 0
        }
        return try command.run(arguments, defaults: defaults)
    }
}
