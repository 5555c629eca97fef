@testable import ExecCore

extension CommandResult {
    /// A result that says what a test says, and otherwise nothing.
    static func of(
        exitCode: Int, output: String = "", error: String = "", timedOut: Bool = false, isTruncated: Bool = false,
        artifacts: [Artifact] = []
    ) -> CommandResult {
        CommandResult(
            exitCode: exitCode, standardOutput: output, standardError: error, timedOut: timedOut,
            isTruncated: isTruncated, artifacts: artifacts)
    }
}
