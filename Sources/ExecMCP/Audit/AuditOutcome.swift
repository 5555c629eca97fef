import JSON
import JSONRPC
import MCP

/// The recorded outcome of a call.
struct AuditOutcome: Sendable, Equatable {
    enum Kind: String, Sendable {
        /// The call was carried out. That includes a command that exits with a non-zero status.
        case ok
        case error
        case cancelled
        case timedOut = "timed_out"
    }

    let kind: Kind
    /// The exit code of a command.
    var exitCode: Int?
    /// The amount of output sent to the client, in bytes: what a command printed, or the text, image or file.
    var bytes = 0
    /// The error message sent to the client.
    var error: String?

    init(_ kind: Kind, exitCode: Int? = nil, bytes: Int = 0) {
        self.kind = kind
        self.exitCode = exitCode
        self.bytes = bytes
    }

    /// A failure.
    init(error: String) {
        kind = .error
        self.error = error
    }

    /// The same outcome after a cancellation: no result is sent to the client, so no bytes are counted.
    var cancelled: AuditOutcome { AuditOutcome(.cancelled, exitCode: exitCode) }
}

extension AuditOutcome {
    /// The outcome of a call with this result.
    init(_ result: CallResult) {
        switch result {
        case .tool(let result, _): self.init(result)
        case .resource(let contents): self.init(.ok, bytes: contents.bytes.count)
        case .sandbox(let reply): self.init(.ok, bytes: reply.byteCount)
        case .failure(let error): self.init(error: error.message)
        }
    }

    /// The outcome of a tool call with this result.
    init(_ result: ToolResult) {
        guard !result.isError else {
            self.init(error: result.texts.joined(separator: " "))
            return
        }
        let structured = result.structuredContent
        let streams = ["stdout", "stderr"].compactMap { structured?[$0]?.stringValue }
        self.init(
            result.kind, exitCode: structured?["exit_code"]?.integerValue,
            bytes: streams.isEmpty ? result.contentSize : streams.reduce(0) { $0 + $1.utf8.count })
    }
}

extension CallResult {
    /// How the call ended.
    var kind: AuditOutcome.Kind {
        switch self {
        case .tool(let result, _): result.kind
        case .resource, .sandbox: .ok
        case .failure: .error
        }
    }
}

extension ToolResult {
    fileprivate var kind: AuditOutcome.Kind {
        isError ? .error : structuredContent?["timed_out"] == true ? .timedOut : .ok
    }

    fileprivate var texts: [String] {
        content.compactMap { if case .text(let text) = $0 { text } else { nil } }
    }

    fileprivate var contentSize: Int {
        content.reduce(0) { size, block in
            switch block {
            case .text(let text): size + text.utf8.count
            case .image(let data, _): size + data.count
            case .resourceLink: size
            }
        }
    }
}
