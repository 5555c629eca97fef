import ExecCore
import JSON
import JSONRPC
import MCP

/// `exec-mcp/files/list`: the entries of a directory.
struct ListDirectoryMethod: Method {
    let name = SandboxMethod.listDirectory.rawValue
    let calls: SandboxCalls

    func answer(_ request: Request, _ context: RequestContext) throws(RPCError) -> MethodReply {
        try calls.reply(.listDirectory, request, context) { (user) throws(RPCError) in
            let path = try calls.path(of: request, for: user)
            return {
                let listed = try await calls.pool.withSandbox(of: user) { try await $0.list(path) }
                var members: JSONObject = [
                    "path": .string(listed.path),
                    SandboxReply.entries: .array(listed.entries.map { Self.json($0, in: listed.path) }),
                ]
                if listed.isTruncated { members["truncated"] = true }
                return SandboxReply(members)
            }
        }
    }

    private static func json(_ entry: DirectoryEntry, in directory: String) -> JSON {
        let parent = directory.hasSuffix("/") ? directory : directory + "/"
        var json: JSONObject = [
            "name": .string(entry.name), "path": .string(entry.uri ?? parent + entry.name),
            "kind": .string(entry.kind.rawValue), "size": .integer(entry.size),
        ]
        json["modified"] = entry.modified.map { .string(Timestamp.text(secondsSince1970: $0)) }
        return .object(json)
    }
}
