import Diagnostics
public import ExecCore
import MCP
import MCPServers

/// What has changed in a server's tools since they were pinned, for a person to look at.
public struct PinReview: Sendable {
    /// A tool that is not what it was.
    public struct Change: Sendable {
        /// The tool's name.
        public let tool: String
        /// Whether it was not there before.
        public let isNew: Bool
        /// What it declared and what it declares now, in the unified format, without anything that is hidden or controls
        /// a terminal.
        public let difference: String
        /// What would be accepted: exactly what is shown.
        let pin: ToolPin
    }

    /// The server's name.
    public let server: String
    /// How many tools it offers.
    public let tools: Int
    /// Whether its tools were seen for the first time now.
    public let isFirst: Bool
    /// The tools that are not what they were, in the server's order.
    public let changes: [Change]
    /// Why its tools can't be listed; `nil` if they can.
    public let failure: String?

    /// Lists a server's tools and compares them with their pins.
    init(of server: BridgeServer) async {
        self.server = server.name
        do throws(SupervisionError) {
            let isFirst = server.pins?.isEmpty ?? true
            let offered = try await server.listAgain()
            let changes = server.toolChanges
            self.isFirst = isFirst
            tools = offered.count
            self.changes = changes.compactMap { change in
                offered.first { $0.name.utf8.elementsEqual(change.tool.utf8) }.map { Change(change, $0, on: server) }
            }
            failure = nil
        } catch {
            (tools, isFirst, changes) = (0, false, [])
            failure = error.error(of: server.name).message
        }
    }
}

extension PinReview.Change {
    fileprivate init(_ change: ToolChange, _ tool: Tool, on server: BridgeServer) {
        let earlier = server.pins?.pin(of: tool.name)
        self.tool = tool.name
        isNew = earlier == nil
        pin = ToolPin(tool)
        let name = "\(server.name): \(DeclarationText.visible(tool.name))".singleLine(limit: 200)
        let before = earlier?.declaration.map(DeclarationText.lines) ?? []
        let after = DeclarationText.lines(of: ToolDigest.declaration(of: tool))
        var lines = ["--- \(earlier == nil ? "/dev/null" : "\(name) (accepted)")", "+++ \(name) (now)"]
        if let earlier, earlier.declaration == nil {
            lines.append("(What it declared before was too large to be kept.)")
        }
        lines += LineDifference.hunks(from: before, to: after)
        difference = lines.joined(separator: "\n")
    }
}

extension Bridge {
    /// Lists the tools of servers and compares them with their pins. Tools that are seen for the first time are pinned.
    ///
    /// - Parameter server: the only server to look at; `nil` for all.
    /// - Returns: a review of each, in the order of the configuration.
    public func reviewPins(of server: String? = nil, for user: UserID) async -> [PinReview] {
        let lease = users.lease(of: user)
        defer { withExtendedLifetime(lease) {} }
        let servers = lease.catalog.servers
            .filter { one in server.map { one.name.utf8.elementsEqual($0.utf8) } ?? true }
        return await withTaskGroup(of: (Int, PinReview).self) { group in
            for (number, server) in servers.enumerated() {
                group.addTask { (number, await PinReview(of: server)) }
            }
            return await group.reduce(into: [Int: PinReview]()) { $0[$1.0] = $1.1 }
                .sorted { $0.key < $1.key }.map(\.value)
        }
    }

    /// Accepts changes of a server's tools. Every process with this server sees that.
    ///
    /// - Returns: whether it was stored; if not, nothing has changed.
    public func accept(_ changes: [PinReview.Change], of server: String, for user: UserID) -> Bool {
        users.lease(of: user).catalog.servers.first { $0.name.utf8.elementsEqual(server.utf8) }?
            .pins?.accept(changes.map(\.pin)) ?? false
    }
}
