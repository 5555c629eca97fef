import ExecCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The program: reads the command line and does what it says.
enum Program {
    private static let usageStatus: Int32 = 2

    /// - Returns: the exit status. A server that runs does not return.
    static func run(arguments: [String]) -> Int32 {
        guard let user = UserID("default") else { return usageStatus }
        var defaults = Options(user: user)
        defaults.configuration.toolsDirectory = Environment.companionDirectory("tools")
        defaults.configuration.skillsDirectories = Environment.companionDirectory("skills").map { [$0] } ?? []
        do {
            switch try OptionParser.parse(arguments, environment: Environment.variables, defaults: defaults) {
            case .help: print(Help.text, terminator: "")
            case .version: print("exec-mcp \(Help.version)")
            case .serve(let options): try ServerProcess(options).run()
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
}
