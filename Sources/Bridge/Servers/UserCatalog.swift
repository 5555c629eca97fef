import BridgeModules
import Diagnostics
import ExecCore
import JSON
import MCPServers
import Threading

/// The servers of one user and what is derived from their tools: modules, search, prompt.
final class UserCatalog: Sendable {
    let servers: [BridgeServer]
    private let user: String
    private let listingTimeout: Double
    private let logger: Logger
    private let index = Locked<(revisions: [Int], search: ToolSearch)?>(nil)
    /// Servers whose failure was logged.
    private let reported = Locked<Set<String>>([])
    /// When a server was first waited for.
    private let awaited = Locked<[String: ContinuousClock.Instant]>([:])

    /// - Parameter listingTimeout: for how many seconds it waits for servers that have never listed their tools.
    init(_ servers: [BridgeServer], of user: String, listingTimeout: Double, logger: Logger) {
        self.servers = servers
        self.user = user
        self.listingTimeout = listingTimeout
        self.logger = logger
    }

    /// Whether the servers include both kinds of sources, so that ways out may have to be guarded.
    var isGuarded: Bool {
        let kinds = servers.reduce(into: Set<SourceKind>()) { $0.formUnion($1.entry.settings.sources) }
        return kinds.count == SourceKind.allCases.count
    }

    /// Whether all of the user's own servers are stopped, and no start is under way.
    var isIdle: Bool { servers.allSatisfy { $0.entry.settings.isShared || $0.isIdle } }

    /// Changes with each change of the tools.
    private var revisions: [Int] { servers.map(\.revision) }

    /// Changes with each change of the files for a sandbox.
    var moduleVersions: [BridgeServer.ModuleVersion] { servers.map { $0.moduleVersion(for: user) } }

    /// The modules of all servers, without what results looked like: the same for every user.
    var modules: [ServerModule] { servers.map(\.pythonModule) }

    /// A search over the tools that are known now.
    var search: ToolSearch {
        let revisions = revisions
        if let index = index.withLock({ $0 }), index.revisions == revisions { return index.search }
        let search = ToolSearch(modules)
        index.withLock { $0 = (revisions, search) }
        return search
    }

    /// The files for a sandbox.
    var moduleFiles: [ModuleFile] {
        BridgePackage.files
            + servers.map(documentedModule).map { ModuleFile(path: $0.path, content: Array($0.source.utf8)) }
    }

    /// Returns a server's module, with what this user's results looked like so far.
    func documentedModule(of server: BridgeServer) -> ServerModule { server.documentedModule(for: user) }

    /// Lists the tools of servers that are new or have changed, and waits a while for those that were never listed.
    func waitForTools() async {
        let unknown = servers.filter { $0.knownTools == nil }
        for server in servers { server.listIfNeeded() }
        await withTaskGroup(of: Void.self) { group in
            for server in unknown {
                let start = awaited.withLock { $0[server.name, default: .now] }
                awaited.withLock { $0[server.name] = start }
                let seconds = listingTimeout - start.duration(to: .now) / .seconds(1)
                // Nobody waits again and again for a server that never answers.
                guard seconds > 0 else { continue }
                group.addTask {
                    _ = try? await abandoning(after: seconds) { await self.waitForTools(of: server) }
                }
            }
        }
    }

    private func waitForTools(of server: BridgeServer) async {
        do {
            _ = try await server.currentTools()
        } catch {
            guard error != .cancelled, reported.withLock({ $0.insert(server.name).inserted }) else { return }
            logger.warning(error.error(of: server.name).message)
        }
    }

    /// Returns the server with a name, or with a module of that name.
    func server(named name: String) throws(BridgeError) -> BridgeServer {
        // Before anything that takes time in proportion to its length.
        guard name.utf8.count <= RequestLimits.nameBytes else {
            throw BridgeError(.serverNotFound, "Unknown server \(name.singleLine(limit: 80)).")
        }
        if let server = servers.first(where: { $0.name.utf8.elementsEqual(name.utf8) }) { return server }
        if let server = servers.first(where: { $0.module == name }) { return server }
        let names = servers.prefix(40).map(\.name).joined(separator: ", ")
        throw BridgeError(
            .serverNotFound, "Unknown server \(name.singleLine(limit: 80)). The servers are: \(names).",
            data: ["didYouMean": .array(similarServers(name).map { .string($0) })])
    }

    private func similarServers(_ name: String) -> [String] {
        let wanted = name.lowercased()
        guard !wanted.isEmpty else { return [] }
        return servers.map(\.name).filter { name in
            let name = name.lowercased()
            return name.contains(wanted) || wanted.contains(name)
        }
    }
}
