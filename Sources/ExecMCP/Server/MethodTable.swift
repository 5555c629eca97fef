import ExecCore
import JSONRPC
import MCP

/// The methods that are offered. What is not here is answered with -32601.
struct MethodTable: Sendable {
    private let methods: [String: any Method]
    /// The handshake stands apart: it alone changes the session.
    let initialize: InitializeMethod

    init(options: Options, pool: SandboxPool, logger: Logger) {
        let tools = ToolCatalog(limits: options.limits)
        let prompt = SystemPromptSource(options: options, logger: logger)
        let methods: [any Method] = [
            PingMethod(), DiscoverMethod(), ListToolsMethod(tools: tools),
            CallToolMethod(tools: tools, pool: pool, defaultUser: options.user, logger: logger),
            ListPromptsMethod(), GetPromptMethod(source: prompt),
        ]
        self.methods = Dictionary(uniqueKeysWithValues: methods.map { ($0.name, $0) })
        initialize = InitializeMethod()
    }

    /// The method of a request.
    ///
    /// - Throws: -32601 where the revision has none of that name.
    func method(of request: Request, in revision: Revision) throws(RPCError) -> any Method {
        guard let method = methods[request.method], method.isOffered(in: revision) else {
            throw .methodNotFound("The method \(request.method.prefix(100)) is not offered here.")
        }
        return method
    }
}
