import CommandOptions
import Diagnostics
import ExecCore
import SystemCalls
import Threading

/// The program's entry point: parses the command line and runs the command or the server.
enum Program {
    private static let usageStatus: Int32 = 2

    /// - Returns: the exit status. Doesn't return while a server runs.
    static func run(arguments: [String]) -> Int32 {
        if arguments.first == SandboxHolder.word { return SandboxHolder.run(Array(arguments.dropFirst())) }
        var defaults = Options()
        defaults.configuration.toolsDirectory = Environment.companionDirectory("tools")
        defaults.configuration.skillsDirectories = Environment.companionDirectory("skills").map { [$0] } ?? []
        do {
            if let call = try Commands.call(in: arguments) {
                return try run(call.command, call.arguments, defaults)
            }
            switch try OptionParser.parse(arguments, environment: Environment.variables, defaults: defaults) {
            case .help: print(Help.text, terminator: "")
            case .version: print("exec-mcp \(Help.version)")
            case .serve(let options):
                ShutdownSignals.block()
                Allocator.giveBackLargeBlocks()
                try ServerProcess(options).run()
            }
            return 0
        } catch let error as UsageError {
            Logger.writeToStandardError("exec-mcp: \(error.message)\n")
            return usageStatus
        } catch {
            Logger.writeToStandardError("exec-mcp: cannot start: \(error)\n")
            return 1
        }
    }

    private static func run(
        _ command: any Command, _ arguments: [String], _ defaults: Options
    ) throws(UsageError) -> Int32 {
        guard !Commands.wantsHelp(arguments) else {
            print(command.help, terminator: "")
            return 0
        }
        return try command.run(arguments, defaults: defaults)
    }
}
