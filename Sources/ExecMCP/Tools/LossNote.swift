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
    ) throws(ToolArguments.Mismatch) -> Work {
        let work = try prepare(arguments)
        return { sandbox, progress in
            let result: ToolResult
            do {
                result = try await work(sandbox, progress)
            } catch let error as ExecError where Self.comesOfWhatIsThere(error) {
                // A missing file may have been lost with the earlier sandbox.
                result = .failure("\(error)")
            }
            guard let note = losses.take(for: user) else { return result }
            return adding(note, to: result)
        }
    }

    /// Whether a failure is about files in the sandbox. A failure of the sandbox itself already explains what happened
    /// to it.
    private static func comesOfWhatIsThere(_ error: ExecError) -> Bool {
        [.notFound, .refused, .invalidArgument].contains(error.code)
    }

    /// Returns the result with a note from the server: as the last lines of the standard error if there is one, because
    /// every client shows that to its model; otherwise as a separate block.
    private func adding(_ note: String, to result: ToolResult) -> ToolResult {
        guard var object = result.structuredContent?.objectValue, let errors = object["stderr"]?.stringValue,
            !result.content.isEmpty
        else {
            return ToolResult(
                content: result.content + [.text(note)], structuredContent: result.structuredContent,
                isError: result.isError)
        }
        let lineEnd = errors.isEmpty || errors.hasSuffix("\n") ? "" : "\n"
        object["stderr"] = .string("\(errors)\(lineEnd)\(note)\n")
        return ToolResult(
            content: [.text(JSON.object(object).text)] + result.content.dropFirst(),
            structuredContent: .object(object), isError: result.isError)
    }
}
