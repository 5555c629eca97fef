import Hashing
import JSON
import MCP
import MCPServers
import PrivateData

/// What an approval that lasts is bound to. A server that is started differently, a tool that declares something else,
/// or another rule asks again.
struct ToolIdentity: Sendable, Hashable {
    /// The server's name.
    let server: String
    /// Identifies how the server is started.
    let serverDigest: String
    /// The tool's own name, or a method of MCP.
    let tool: String
    /// Identifies what the tool declares; empty for a method.
    let toolDigest: String
    /// The rule that asks.
    let rule: String

    /// The identity of a tool.
    init(_ tool: Tool, of entry: BridgeServerEntry, rule: String) {
        self.init(
            server: entry.name, serverDigest: Self.digest(of: entry.entry), tool: tool.name,
            toolDigest: ToolDigest.digest(of: tool), rule: rule)
    }

    /// The identity of a method that isn't a call of a tool.
    init(method: String, of entry: BridgeServerEntry, rule: String) {
        self.init(
            server: entry.name, serverDigest: Self.digest(of: entry.entry), tool: method, toolDigest: "", rule: rule)
    }

    init(server: String, serverDigest: String, tool: String, toolDigest: String, rule: String) {
        self.server = server
        self.serverDigest = serverDigest
        self.tool = tool
        self.toolDigest = toolDigest
        self.rule = rule
    }

    /// The same tool, whichever rule asks.
    var ofAnyRule: ToolIdentity {
        ToolIdentity(server: server, serverDigest: serverDigest, tool: tool, toolDigest: toolDigest, rule: "")
    }

    /// By bytes: to Swift, texts are equal whose characters are composed differently.
    static func == (left: ToolIdentity, right: ToolIdentity) -> Bool {
        zip(left.parts, right.parts).allSatisfy { $0.utf8.elementsEqual($1.utf8) }
    }

    func hash(into hasher: inout Hasher) {
        hasher.combine(toolDigest)
        hasher.combine(serverDigest)
    }

    private var parts: [String] { [server, serverDigest, tool, toolDigest, rule] }

    /// What decides which server is reached, and as whom: its program or URL, arguments, directory, variables and
    /// headers with their values, of which only the digest is kept.
    private static func digest(of entry: ToolServerEntry) -> String {
        func pairs(_ values: [String: String]) -> JSON {
            .array(values.sorted { $0.key < $1.key }.map { [.string($0.key), .string($0.value)] })
        }
        let parts: JSON = [
            .string(entry.command), .array(entry.arguments.map { .string($0) }), pairs(entry.environment),
            entry.workingDirectory.map { .string($0) } ?? .null, entry.url.map { .string($0) } ?? .null,
            pairs(entry.headers),
        ]
        return SHA256.hexDigest(of: parts.serialized())
    }
}

/// A call that a person has to approve.
struct CallToApprove: Sendable {
    let identity: ToolIdentity
    /// Why, as a sentence for people.
    let reason: String
    /// Whether a person may allow the tool for good.
    let mayLast: Bool
    /// The arguments as they are sent, except that tokens of values stay that don't enter the sandbox.
    let arguments: JSONObject
    /// The arguments as JSON, byte for byte.
    let argumentText: [UInt8]
    /// Identifies the arguments.
    let argumentDigest: String
    /// Identifies the command's text; empty for a background process.
    let script: String
    /// The user's private values, none of which is cut in two in what people read; `nil` if none are replaced.
    let privateData: PrivateDataVault?

    init(
        _ identity: ToolIdentity, reason: String, mayLast: Bool, arguments: JSONObject, script: String,
        privateData: PrivateDataVault? = nil
    ) {
        self.privateData = privateData
        self.identity = identity
        self.reason = reason
        self.mayLast = mayLast
        self.arguments = arguments
        argumentText = JSON.object(arguments).serialized()
        argumentDigest = SHA256.hexDigest(of: argumentText)
        self.script = script
    }
}
