import BridgeModules
public import ExecCore
import MCP
import MCPServers

/// What a server's tools declare, by the names that code in a sandbox uses.
public struct ServerDeclaration: Sendable, Equatable {
    /// A tool as a Python function.
    public struct Function: Sendable, Equatable {
        /// The tool's name.
        public let tool: String
        /// The digest of its name, description, schemas and annotations.
        public let digest: String
    }

    /// The server's name.
    public let server: String
    /// The name of its Python module.
    public let module: String
    /// The tools by the names of their functions; `nil` as long as they are unknown.
    public let functions: [String: Function]?

    /// The names in the package `servers` that are not modules of servers.
    public static var helperNames: [String] { PythonName.helpers.sorted() }

    init(server: String, module: String, functions: [String: Function]?) {
        self.server = server
        self.module = module
        self.functions = functions
    }

    init(_ server: BridgeServer) {
        guard let tools = server.knownTools else {
            self.init(server: server.name, module: server.module, functions: nil)
            return
        }
        let names = server.pythonModule.functions.map { ($0.name, $0.python) }
        let python = Dictionary(names) { first, _ in first }
        let functions = tools.reduce(into: [String: Function]()) { functions, tool in
            let function = Function(tool: tool.name, digest: ToolDigest.digest(of: tool))
            functions[python[tool.name] ?? tool.name] = function
        }
        self.init(server: server.name, module: server.module, functions: functions)
    }
}

extension Bridge {
    /// What is known of a user's servers without starting any.
    public func declarations(for user: UserID) -> [ServerDeclaration] {
        users.lease(of: user).catalog.servers.map(ServerDeclaration.init)
    }

    /// Starts every server of a user and lists its tools, then returns what they declare. Of a server that fails, the
    /// tools that were known before are returned.
    public func currentDeclarations(for user: UserID) async -> [ServerDeclaration] {
        _ = await check(for: user)
        return declarations(for: user)
    }
}
