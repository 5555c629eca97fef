import Diagnostics
import Hashing
import JSON
import MCPClient

/// A request to a server as recordings know it: a call of a tool, or a request for resources or prompts.
struct ServerRequest: Sendable, Equatable {
    private static let callMethod = "tools/call"
    private static let shownLength = 300

    /// The method of MCP.
    let method: String
    /// The parameters, with the members of objects sorted by name.
    let params: JSONObject

    init(_ method: String, _ params: JSONObject = JSONObject()) {
        self.method = method
        self.params = params.canonical
    }

    /// A call of a tool.
    static func call(_ tool: String, _ arguments: JSONObject) -> ServerRequest {
        ServerRequest(callMethod, ["name": .string(tool), "arguments": .object(arguments)])
    }

    /// Equal for equal requests, whatever the order of their arguments.
    var key: String {
        SHA256.hexDigest(of: JSON.array([.string(method), .object(params)]).serialized())
    }

    /// What is asked for, without arguments: a tool, or a method.
    var subject: String {
        method == Self.callMethod ? params["name"]?.stringValue ?? "" : method
    }

    /// The request for people, such as `git_log(repo_path="/r")`.
    var summary: String {
        let arguments = method == Self.callMethod ? params["arguments"]?.objectValue ?? JSONObject() : params
        let parts = arguments.map { "\($0.key)=\($0.value.text)" }.joined(separator: ", ")
        let text = "\(subject)(\(parts))".singleLine(limit: Self.shownLength + 1)
        return text.count > Self.shownLength ? text.prefix(Self.shownLength) + "…" : text
    }

    /// The request without secrets.
    func hiding(_ secrets: SecretTexts?) -> ServerRequest {
        secrets.map { ServerRequest(method, $0.hidden(in: params)) } ?? self
    }

    /// Whether the parameters, as JSON, have at most `bytes` bytes.
    func isShort(_ bytes: Int) -> Bool { JSON.object(params).serialized().count <= bytes }

    /// How much another request of the same subject has in common with this one: arguments first, then their text.
    func likeness(to other: ServerRequest) -> (arguments: Int, text: Int) {
        let (mine, others) = (arguments, other.arguments)
        let equal = mine.count { others[$0.key] == $0.value }
        let (text, otherText) = (JSON.object(mine).serialized(), JSON.object(others).serialized())
        return (equal, zip(text, otherText).prefix { $0 == $1 }.count)
    }

    private var arguments: JSONObject { params["arguments"]?.objectValue ?? params }
}
