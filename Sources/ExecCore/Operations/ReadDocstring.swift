import JSON

/// A docstring to find.
struct ReadDocstringParameters: GuestParameters {
    static let operation = GuestOperation.readDocstring

    let path: String
    let functionName: String
    /// How many bytes of it are wanted.
    let limit: Int
    let timeout: Double

    var json: JSON {
        [
            "file_path": .string(path), "function_name": .string(functionName), "limit": .integer(limit),
            "timeout": .double(timeout),
        ]
    }
}

/// What the guest says of a docstring besides its text.
enum ReadDocstringResultName: String, CaseIterable {
    case path
    case cut
}

extension Sandbox {
    /// The docstring of a function, method (`Class.method`) or class of a Python file, cleaned of indentation. The file
    /// is parsed, never imported or run.
    ///
    /// - Parameters:
    ///   - path: absolute, or relative to `/workspace`; `~/`, `file:///`, `artifact:///` and `skill://` are understood.
    ///   - name: what it is called in the file.
    /// - Throws: ``ExecError``; for an unknown name it lists those there are.
    public func docstring(of name: String, in path: String) async throws -> String {
        let parameters = ReadDocstringParameters(
            path: path, functionName: name, limit: limits.output, timeout: Self.fileTimeout)
        let reply = try await call(parameters, replyLimit: limits.output)
        return Self.docstring(in: reply)
    }

    /// Makes sense of what the guest says. Never empty.
    static func docstring(in reply: Channel.Reply) -> String {
        let text = String(decoding: reply.streams[0], as: UTF8.self)
        guard !text.isEmpty else { return "(empty docstring)" }
        return reply.result[ReadDocstringResultName.cut] == true
            ? text + "\n[… the rest is left out: read the file itself …]" : text
    }
}
