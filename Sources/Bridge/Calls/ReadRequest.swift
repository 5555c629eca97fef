import JSON

/// A request for a server's resources or prompts.
enum ReadRequest: Sendable {
    case resources
    case read(uri: String)
    case prompts
    case prompt(name: String, arguments: JSONObject)

    /// Reads the parameters of a request of the bridge's protocol.
    init(_ method: String, _ params: Params) throws(BridgeError) {
        switch method {
        case "resources": self = .resources
        case "read": self = .read(uri: try params.string("uri"))
        case "prompts": self = .prompts
        default: self = .prompt(name: try params.string("name"), arguments: try params.object("arguments"))
        }
    }

    /// The method of MCP, as it is logged and as rules name it.
    var method: String {
        switch self {
        case .resources: "resources/list"
        case .read: "resources/read"
        case .prompts: "prompts/list"
        case .prompt: "prompts/get"
        }
    }

    /// The parameters that the server gets.
    var arguments: JSONObject {
        switch self {
        case .resources, .prompts: [:]
        case .read(let uri): ["uri": .string(uri)]
        case .prompt(let name, let arguments): ["name": .string(name), "arguments": .object(arguments)]
        }
    }

    /// Whether code in the sandbox chooses what is read.
    var namesSomething: Bool {
        switch self {
        case .resources, .prompts: false
        case .read, .prompt: true
        }
    }

    /// Makes the request.
    func run(_ reader: ServerReader) async throws(BridgeError) -> JSON {
        switch self {
        case .resources: try await reader.resources()
        case .read(let uri): try await reader.read(uri)
        case .prompts: try await reader.prompts()
        case .prompt(let name, let arguments): try await reader.prompt(name, arguments)
        }
    }

    /// Whether nothing in it but a choice among what the server lists comes from code in the sandbox.
    func isListed(by reader: ServerReader) async -> Bool {
        switch self {
        case .resources, .prompts: true
        case .read(let uri): await reader.lists(uri)
        case .prompt(_, let arguments): arguments.isEmpty
        }
    }
}
