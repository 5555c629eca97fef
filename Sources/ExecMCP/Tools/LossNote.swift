import ExecCore
import JSON
import MCP

extension SandboxTool {
    /// Prepares a call whose result also reports what its user lost with an earlier sandbox, unless that was reported
    /// already.
    ///
    /// - Throws: the same errors as ``prepare(_:)``.
    func prepare(
        _ arguments: JSONObject, telling losses: SandboxLosses, to user: UserID
    ) throws(ToolArguments.MismatchError) -> Work {
        let work = try prepare(arguments)
        return { sandbox, progress, interaction in
            let result: ToolResult
            do {
                result = try await work(sandbox, progress, interaction)
            } catch let error as ExecError where Self.comesOfWhatIsThere(error) {
                // A missing file may have been lost with the earlier sandbox.
                result = .failure("\(error)")
            }
            guard let note = losses.take(for: user) else { return result }
            return result.addingNote(note)
        }
    }

    /// Whether a failure is about files in the sandbox. A failure of the sandbox itself already explains what happened
    /// to it.
    private static func comesOfWhatIsThere(_ error: ExecError) -> Bool {
        [.notFound, .refused, .invalidArgument].contains(error.code)
    }
}
