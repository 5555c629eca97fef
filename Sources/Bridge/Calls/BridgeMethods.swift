import BridgeModules
import Diagnostics
import ExecCore
import JSON
import MCP
import MCPServers
import Threading

/// The methods of the bridge's protocol, for the sandboxes of one user.
struct BridgeMethods: Sendable {
    /// The default and the maximum number of a search's results.
    private static let (searchLimit, maxSearchLimit) = (10, 100)
    private static let (logLimit, maxLogLimit) = (50, 1000)

    /// The methods that are counted as calls are.
    private static let counted = ["resources", "read", "prompts", "prompt"]

    let catalog: UserCatalog
    let caller: ToolCaller
    let log: CallLog

    /// Answers a request.
    ///
    /// - Parameter calls: the calls of the command that it comes from.
    func answer(_ request: BridgeRequest, of calls: CommandCalls) async -> BridgeConnection.Reply {
        do throws(BridgeError) {
            if request.method == "call" { return try await caller.call(request, of: calls) }
            if !Self.counted.contains(request.method) { try await calls.waitForLookup() }
            let line = request.success(try await result(of: request, calls))
            try calls.charge(line.count)
            guard line.count <= RequestLimits.lineBytes else {
                throw BridgeError(
                    .tooLarge, BridgeError.tooLarge(request.method, line.count, limit: RequestLimits.lineBytes))
            }
            return BridgeConnection.Reply(line: line)
        } catch {
            return BridgeConnection.Reply(line: request.failure(error))
        }
    }

    private func result(of request: BridgeRequest, _ calls: CommandCalls) async throws(BridgeError) -> JSON {
        let params = Params(request.params, of: request.method)
        switch request.method {
        case "servers": return await servers()
        case "tools": return try await tools(of: try catalog.server(named: params.string("server")))
        case "search": return try search(params)
        case "tool": return try await details(params)
        case "log":
            let count = try params.count("limit", Self.logLimit, Self.maxLogLimit)
            return ["calls": .array(log.last(count).map(\.entry))]
        case "resources", "read", "prompts", "prompt":
            let server = try catalog.server(named: params.string("server"))
            return try await caller.read(try ReadRequest(request.method, params), request, of: server, calls)
        default:
            throw BridgeError(
                .malformed,
                """
                Unknown method \(request.method.singleLine(limit: 60)). The methods are: servers, tools, search, tool, \
                call, resources, read, prompts, prompt, log, cancel.
                """)
        }
    }

    // MARK: - Discovery

    private func servers() async -> JSON {
        var entries: [JSON] = []
        for server in catalog.servers {
            var entry: JSONObject = [
                "name": .string(server.name), "module": .string(server.module),
                "tools": .integer(server.knownTools?.count ?? 0),
            ]
            switch await server.health {
            case _ where server.isStarting: entry["state"] = "starting"
            case .running, .starting: entry["state"] = "running"
            case .stopped: entry["state"] = "idle"
            case .failed(let reason):
                entry["state"] = "failed"
                entry["error"] = .string(reason.singleLine(limit: 500))
            }
            entry["summary"] = .string(server.pythonModule.topics)
            let changes = server.toolChanges.count
            if changes > 0 { entry["changed"] = .integer(changes) }
            entries.append(.object(entry))
        }
        return ["servers": .array(entries)]
    }

    private func tools(of server: BridgeServer) async throws(BridgeError) -> JSON {
        try await caller.loadTools(of: server)
        let (refusals, changes) = (caller.refusals(on: server), server.toolChanges)
        let entries = server.pythonModule.functions.map { function -> JSON in
            var entry = Self.entry(function, refusals[function.name])
            if changes.contains(where: { $0.tool.utf8.elementsEqual(function.name.utf8) }) { entry["changed"] = true }
            return .object(entry)
        }
        return ["tools": .array(entries)]
    }

    private func search(_ params: Params) throws(BridgeError) -> JSON {
        let query = try params.string("query")
        guard query.utf8.count <= RequestLimits.queryBytes else {
            throw BridgeError(.input, "search accepts a query of at most \(RequestLimits.queryBytes) bytes.")
        }
        var server: String?
        if let name = try params.optionalString("server") { server = try catalog.server(named: name).name }
        let limit = try params.count("limit", Self.searchLimit, Self.maxSearchLimit)
        let found = catalog.search.search(query, server: server, limit: limit)
        var refusals: [String: [String: ToolPolicy.Refusal]] = [:]
        for server in catalog.servers where found.matches.contains(where: { $0.server == server.name }) {
            refusals[server.name] = caller.refusals(on: server)
        }
        let matches = found.matches.map { match -> JSON in
            var entry: JSONObject = ["server": .string(match.server), "module": .string(match.module)]
            let refusal = refusals[match.server]?[match.function.name]
            for member in Self.entry(match.function, refusal) { entry[member.key] = member.value }
            return .object(entry)
        }
        return [
            "tools": .array(matches), "matched": .integer(found.matched), "of": .integer(found.total),
            "didYouMean": .array(found.suggestions.map { .string($0) }),
        ]
    }

    private func details(_ params: Params) async throws(BridgeError) -> JSON {
        let (server, tool) = try await caller.place(of: params)
        let function = catalog.documentedModule(of: server).function(tool.name)
        var members: JSONObject = [
            "name": .string(tool.name), "description": .string(tool.description), "inputSchema": tool.inputSchema,
        ]
        members["outputSchema"] = tool.outputSchema
        if !tool.annotations.isEmpty { members["annotations"] = .object(tool.annotations) }
        members["signature"] = .string(function?.signature ?? "")
        members["docstring"] = .string(function?.docstring ?? "")
        members["refused"] = caller.refusal(of: tool, on: server)?.json
        if let change = server.toolChanges.first(where: { $0.tool.utf8.elementsEqual(tool.name.utf8) }) {
            members["changed"] = .string("It \(change.clause).")
        }
        return .object(members)
    }

    private static func entry(_ function: ToolFunction, _ refusal: ToolPolicy.Refusal?) -> JSONObject {
        var entry: JSONObject = [
            "name": .string(function.name), "python": .string(function.python),
            "signature": .string(function.signature), "summary": .string(function.summary),
        ]
        if !function.isInModule { entry["byName"] = true }
        entry["refused"] = refusal?.json
        return entry
    }
}

/// The parameters of a request, checked as they are read.
struct Params: Sendable {
    private let members: JSONObject
    private let method: String

    init(_ members: JSONObject, of method: String) {
        self.members = members
        self.method = method
    }

    func string(_ name: String) throws(BridgeError) -> String {
        guard let text = try optionalString(name) else {
            throw BridgeError(.input, "\(method) needs \(name), a string.")
        }
        return text
    }

    func optionalString(_ name: String) throws(BridgeError) -> String? {
        guard let value = members.given(name) else { return nil }
        guard let text = value.stringValue else { throw mismatch(name, "a string", value) }
        return text
    }

    /// - Returns: an empty object if it is missing.
    func object(_ name: String) throws(BridgeError) -> JSONObject {
        guard let value = members.given(name) else { return JSONObject() }
        guard let object = value.objectValue else { throw mismatch(name, "an object", value) }
        return object
    }

    func seconds(_ name: String) throws(BridgeError) -> Double? {
        guard let value = members.given(name) else { return nil }
        guard let number = value.numberValue, number > 0 else { throw mismatch(name, "a number above 0", value) }
        return number
    }

    func count(_ name: String, _ usual: Int, _ most: Int) throws(BridgeError) -> Int {
        guard let value = members.given(name) else { return usual }
        guard let number = value.numberValue, number >= 0, number.rounded() == number else {
            throw mismatch(name, "a whole number of at least 0", value)
        }
        return Int(exactly: min(number, Double(most))) ?? most
    }

    private func mismatch(_ name: String, _ kind: String, _ found: JSON) -> BridgeError {
        // A number may be of the right kind and not in the range.
        let given = found.numberValue == nil ? found.kindDescription : found.text.singleLine(limit: 40)
        return BridgeError(.input, "\(name) must be \(kind), not \(given).")
    }
}
