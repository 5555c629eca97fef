import JSON

/// Finds a docstring.
struct ReadDocstring: GuestParameters {
    static let operation = GuestOperation.readDocstring

    let path: String
    let functionName: String
    /// Maximum number of bytes to return.
    let limit: Int
    let timeout: Double

    var json: JSON {
        [
            "file_path": .string(path), "function_name": .string(functionName), "limit": .integer(limit),
            "timeout": .double(timeout),
        ]
    }

    /// The members of the guest's result, besides the docstring's text.
    enum ResultName: String, CaseIterable {
        case path
        case cut
    }
}

extension Sandbox {
    /// Returns the docstring of a function, method (`Class.method`) or class in a Python file, with its indentation
    /// removed. The file is parsed, never imported or run.
    ///
    /// - Parameters:
    ///   - path: absolute, or relative to `/workspace`; `~/`, `file:///`, `artifact:///` and `skill://` are
    ///     understood.
    ///   - name: its name in the file.
    /// - Throws: ``ExecError``; for an unknown name it lists the available ones.
    public func docstring(of name: String, in path: String) async throws -> String {
        let parameters = ReadDocstring(
            path: path, functionName: name, limit: limits.output, timeout: Self.fileTimeout)
        let reply = try await call(parameters, replyLimit: limits.output)
        return Self.docstring(in: reply)
    }

    /// Decodes the guest's reply. The result is never empty.
    static func docstring(in reply: Channel.Reply) -> String {
        let text = String(decoding: reply.streams[0], as: UTF8.self)
        guard !text.isEmpty else { return "(empty docstring)" }
        return reply.result[ReadDocstring.ResultName.cut] == true
            ? text + DocstringNotice.rest : text
    }
}
