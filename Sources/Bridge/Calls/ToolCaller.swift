import BridgeModules
import Diagnostics
import ExecCore
import JSON
import MCP
import MCPServers
import PrivateData
import Threading

/// Calls tools for code in the sandboxes of one user. No call is ever made twice.
struct ToolCaller: Sendable {
    let catalog: UserCatalog
    let approvals: UserApprovals
    let user: UserID
    let sandbox: String
    /// What the user's session has read.
    let sources: SessionSources
    /// The private values of all users; `nil` if none are replaced.
    let vaults: PrivateDataVaults?
    /// Counts and traces calls.
    let observer: BridgeObserver
    /// Receives each call when it has ended.
    let onCall: @Sendable (NestedCall) -> Void

    /// The user's private values; `nil` if none are replaced. Kept for no longer than a call: see
    /// ``PrivateDataVaults/vault(of:)``.
    var privateData: PrivateDataVault? { vaults?.vault(of: user.name) }

    /// Calls the tool that a request names.
    ///
    /// - Returns: the answer. The turns of the call end when it is written, so that results that nobody reads don't
    ///   pile up.
    func call(_ request: BridgeRequest, of calls: CommandCalls) async throws(BridgeError) -> BridgeConnection.Reply {
        let params = Params(request.params, of: request.method)
        let arguments = try params.object("arguments")
        let limit = try params.seconds("timeout")
        if !isKnown(params) { try await calls.waitForLookup() }
        let (server, named) = try await place(of: params)
        let tool = try await current(named, of: server)
        let filter = ServerDataFilter(privateData, of: server)
        let call = ToolCallInProgress(
            server: server, tool: tool, arguments: arguments, size: request.size, sandbox: sandbox,
            calls: calls, approvals: approvals, sources: sources, privateData: filter, tracer: observer.tracer)
        do throws(BridgeError) {
            let settings = server.entry.settings
            let seconds = min(limit ?? settings.timeout, settings.maxTimeout)
            let reply = try await call.run(request, seconds: seconds)
            let record = call.record(.none)
            calls.report(record)
            observer.onEnd(record)
            onCall(record)
            return reply
        } catch {
            let record = call.record(error)
            calls.report(record)
            observer.onEnd(record)
            if calls.isLogged(error) { onCall(record) }
            throw error
        }
    }

    /// Why the tools of a server that don't run don't, or not without a person's approval, by their names.
    func refusals(on server: BridgeServer) -> [String: ToolPolicy.Refusal] {
        let lasting = approvals.lasting
        var refusals: [String: ToolPolicy.Refusal] = [:]
        for tool in server.knownTools ?? [] {
            refusals[tool.name] = refusals[tool.name] ?? refusal(of: tool, on: server, lasting)
        }
        return refusals
    }

    /// Why a tool does not run, or not without a person's approval; `nil` if it runs, or is approved.
    func refusal(of tool: Tool, on server: BridgeServer) -> ToolPolicy.Refusal? {
        refusal(of: tool, on: server, approvals.lasting)
    }

    private func refusal(
        of tool: Tool, on server: BridgeServer, _ lasting: LastingApprovals
    ) -> ToolPolicy.Refusal? {
        let restriction = sources.restriction(on: tool, of: server)
        let ruled = server.decision(on: tool)
        if case .ask(let question) = restriction?.applied(to: ruled) ?? ruled {
            let isAllowed = lasting.allows(tool.name, mayLast: question.mayLast) {
                ToolIdentity(tool, of: server.entry, rule: question.rule)
            }
            if isAllowed { return nil }
        }
        let refusal = server.refusal(of: tool)
        return restriction?.applied(to: refusal) ?? refusal
    }

    /// Returns a tool as its running server declares it, if the decision depends on that: the listing in the cache may be
    /// that of another version.
    private func current(_ tool: Tool, of server: BridgeServer) async throws(BridgeError) -> Tool {
        guard server.decision(on: tool).isByDeclaration || server.blocksChanges else { return tool }
        if server.isListedByRunningServer, await !server.stopIfOutdated(for: tool) { return tool }
        try await loadTools(of: server, again: true)
        guard let tool = server.knownTools?.first(where: { $0.name.utf8.elementsEqual(tool.name.utf8) }) else {
            throw notFound(tool.name, on: server)
        }
        return tool
    }

    // MARK: - Names

    /// Whether parameters name a known tool by its own name, so that finding it costs nothing.
    private func isKnown(_ params: Params) -> Bool {
        guard let name = try? params.string("tool"), let server = try? params.optionalString("server"),
            let tools = catalog.servers.first(where: { $0.name.utf8.elementsEqual(server.utf8) })?.knownTools
        else { return false }
        return tools.contains { $0.name.utf8.elementsEqual(name.utf8) }
    }

    /// Returns the server and the tool that parameters name, by `server` and `tool`, or by `tool` as `server__tool`.
    func place(of params: Params) async throws(BridgeError) -> (BridgeServer, Tool) {
        let name = try params.string("tool")
        // Before anything that takes time in proportion to its length.
        guard name.utf8.count <= RequestLimits.nameBytes else {
            throw BridgeError(.toolNotFound, "Unknown tool \(name.singleLine(limit: 100)).")
        }
        if let server = try params.optionalString("server") {
            let server = try catalog.server(named: server)
            return (server, try await tool(named: name, of: server))
        }
        var found: [(BridgeServer, Tool)] = []
        var servers: [(BridgeServer, String)] = []
        for separator in name.ranges(of: "__") {
            guard let server = try? catalog.server(named: String(name[..<separator.lowerBound])) else { continue }
            servers.append((server, String(name[separator.upperBound...])))
        }
        if servers.isEmpty, let dot = name.firstIndex(of: "."),
            let server = try? catalog.server(named: String(name[..<dot]))
        {
            servers.append((server, String(name[name.index(after: dot)...])))
        }
        var failure: BridgeError?
        for (server, tool) in servers {
            do throws(BridgeError) {
                found.append((server, try await self.tool(named: tool, of: server)))
            } catch {
                failure = failure ?? error
            }
        }
        guard found.count < 2 else {
            let names = found.map { "\($0.1.name) of \($0.0.name)" }.joined(separator: " and ")
            throw BridgeError(
                .toolNotFound, "\(name.singleLine(limit: 100)) may mean \(names): name the server and the tool.")
        }
        if let found = found.first { return found }
        if let failure { throw failure }
        throw notFound(name, on: nil)
    }

    /// Lists the tools of a server, if they are unknown or may have changed.
    ///
    /// - Parameter again: whether to list them in any case.
    func loadTools(of server: BridgeServer, again: Bool = false) async throws(BridgeError) {
        do throws(SupervisionError) {
            _ = try await again ? server.listAgain() : server.currentTools()
        } catch {
            throw BridgeError(
                error, of: "its list of tools", on: server.name, limit: server.entry.settings.maxResult, isRead: true)
        }
    }

    private func tool(named name: String, of server: BridgeServer) async throws(BridgeError) -> Tool {
        if let tool = Self.tool(name, in: server) { return tool }
        try await loadTools(of: server)
        if let tool = Self.tool(name, in: server) { return tool }
        throw notFound(name, on: server)
    }

    private static func tool(_ name: String, in server: BridgeServer) -> Tool? {
        guard let tools = server.knownTools else { return nil }
        if let tool = tools.first(where: { $0.name.utf8.elementsEqual(name.utf8) }) { return tool }
        guard let real = server.pythonModule.function(name)?.name else { return nil }
        return tools.first { $0.name.utf8.elementsEqual(real.utf8) }
    }

    private func notFound(_ name: String, on server: BridgeServer?) -> BridgeError {
        let similar = catalog.search.suggestions(for: name, server: server?.name)
        let shown = name.singleLine(limit: 100)
        return BridgeError(
            .toolNotFound, server.map { "The server \($0.name) has no tool \(shown)." } ?? "Unknown tool \(shown).",
            data: ["didYouMean": .array(similar.map { .string($0) })])
    }
}
