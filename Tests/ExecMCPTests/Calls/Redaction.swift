import JSON
import JSONRPC
import MCP

@testable import ExecMCP

/// Strikes a word out of every text that passes it, in results and in lines of progress, as a filter for private data
/// would.
struct Redaction: CallInterceptor {
    let word: String

    func intercept(_ call: ToolCall, next: CallHandler) async -> CallResult {
        switch await next(call.reporting(to: call.progress.changing { redacted($0) })) {
        case .tool(let result, let remark):
            return .tool(redacted(result), remark: remark.map(redacted))
        case .resource(let contents):
            guard let text = String(validating: contents.bytes, as: UTF8.self) else { return .resource(contents) }
            return .resource(
                ResourceContents(
                    uri: contents.uri, mediaType: contents.mediaType, bytes: Array(redacted(text).utf8)))
        case .sandbox(let reply):
            var reply = reply
            reply.members = redacted(.object(reply.members)).objectValue ?? [:]
            reply.content = reply.content.map { content in
                guard let text = String(validating: content.bytes, as: UTF8.self) else { return content }
                return content.replacing(Array(redacted(text).utf8))
            }
            return .sandbox(reply)
        case .failure(let error):
            return .failure(RPCError(code: error.code, message: redacted(error.message), data: error.data))
        }
    }

    private func redacted(_ result: ToolResult) -> ToolResult {
        ToolResult(
            content: result.content.map { block in
                if case .text(let text) = block { .text(redacted(text)) } else { block }
            }, structuredContent: result.structuredContent.map(redacted), isError: result.isError)
    }

    private func redacted(_ value: JSON) -> JSON {
        switch value {
        case .string(let text): .string(redacted(text))
        case .array(let elements): .array(elements.map(redacted))
        case .object(let members):
            .object(members.reduce(into: JSONObject()) { $0[$1.key] = redacted($1.value) })
        default: value
        }
    }

    private func redacted(_ text: String) -> String {
        text.split(separator: word, omittingEmptySubsequences: false).joined(separator: "[…]")
    }
}

extension Progress {
    /// The same place, where each line arrives changed.
    func changing(_ change: @escaping @Sendable (String) -> String) -> Progress {
        guard let report else { return self }
        return Progress { report(change($0)) }
    }
}
