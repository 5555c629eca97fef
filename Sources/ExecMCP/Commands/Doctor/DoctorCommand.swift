import CommandOptions
import ExecCore
import JSON
import SystemCalls

/// `exec-mcp doctor`: checks everything that a server needs, and suggests a remedy for each problem.
struct DoctorCommand: Subcommand {
    private static let lineWidth = 100

    let name = "doctor"
    let summary = "check engine, image, limits, isolation and speed"

    var help: String {
        """
        Usage: exec-mcp doctor [--json] [OPTION VALUE]…

        Checks what a server with these options needs: the engine, the image, and a sandbox that is started for the
        check and then removed: whether its limits hold, what code in it can reach, how long a command takes. Each
        failure comes with a remedy. It takes a few seconds and leaves nothing behind.

          --json
              print the report as a JSON object

        The options are the server's own (exec-mcp --help), so that you can put `doctor` anywhere into a command line
        that does not work.

        Exit status: 0 when no check failed (warnings are possible), 1 when a check failed, 2 for an invalid command
        line, 130 when it was interrupted.

        """
    }

    func run(_ arguments: [String], defaults: Options) throws(UsageError) -> Int32 {
        let isForPrograms = arguments.contains("--json")
        let invocation = try ServerOptionParser.parse(
            arguments.filter { $0 != "--json" }, environment: Environment.variables, defaults: defaults)
        guard case .serve(let options) = invocation else {
            print(help, terminator: "")
            return 0
        }
        return Foreground.run {
            let report = await Doctor(options: options).examine()
            guard !Task.isCancelled else { return Foreground.interruptedStatus }
            print(isForPrograms ? report.json.text + "\n" : Self.table.text(of: report), terminator: "")
            return report.failures == 0 ? 0 : 1
        }
    }

    /// A table formatted for the locale and terminal of standard output.
    private static var table: ReportTable {
        let variables = Environment.variables
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].compactMap { variables[$0] }.first { !$0.isEmpty } ?? ""
        let isUTF8 = locale.lowercased().filter { $0 != "-" }.contains("utf8")
        return ReportTable(isUnicode: isUTF8 && isatty(STDOUT_FILENO) == 1, width: lineWidth)
    }
}
