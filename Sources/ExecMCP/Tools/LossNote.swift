import ExecCore
import JSON
import MCP

extension SandboxTool {
    /// Prepares a call whose result also says what its user lost with an earlier sandbox, if nobody has told of that yet.
    ///
    /// - Throws: as ``prepare(_:)`` does.
    func prepare(
        _ arguments: JSONObject, telling losses: SandboxLosses, to user: UserID
    ) throws(ToolArguments.Mismatch) -> Work {
        let work = try prepare(arguments)
        return { sandbox, progress in
            let result: ToolResult
            do {
                result = try await work(sandbox, progress)
            } catch let error as ExecError where Self.comesOfWhatIsThere(error) {
                // A file that cannot be found may have gone with the sandbox before.
                result = .failure("\(error)")
            }
            guard let note = losses.take(for: user) else { return result }
            return adding(note, to: result)
        }
    }

    /// Whether a failure is about the files in the sandbox: one about the sandbox itself says what became of it.
    private static func comesOfWhatIsThere(_ error: ExecError) -> Bool {
        [.notFound, .refused, .invalidArgument].contains(error.code)
    }

    /// The result with a note from the server: as the last lines of the standard error where there is one, which every
    /// client shows its model, else as a block of its own.
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
