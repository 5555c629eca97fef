import Diagnostics

/// An event of a supervised server that no error reports; for the program's log.
public enum ServerNotice: Sendable, Equatable, CustomStringConvertible {
    /// A server violates the protocol but is still used.
    case remark(server: String, String)
    /// A server has ended on its own; with its exit status and the end of its standard error.
    case ended(server: String, how: String)
    /// The configuration names tools that a server does not have.
    case unknownTools(server: String, names: [String])
    /// No server has listed its tools in time; waiting for these.
    case waiting(servers: [String])
    /// A request to all servers continues without this one.
    case failed(server: String, SupervisionError)

    /// Limits the names of unknown tools in a description.
    private static let shownNames = 20
    private static let nameLength = 100

    /// The notice as a log line.
    public var description: String {
        switch self {
        case .remark(let server, let text): return "\(server): \(text)"
        case .ended(let server, let how): return "\(server): the MCP server has ended: \(how)"
        case .unknownTools(let server, let names):
            let shown = names.prefix(Self.shownNames).map { $0.singleLine(limit: Self.nameLength) }
            let list = shown.joined(separator: ", ")
            return "\(server): the configuration names tools that it does not have: \(list)"
        case .waiting(let servers):
            return "no tool server has answered yet; waiting for \(servers.joined(separator: ", "))"
        case .failed(let server, let failure): return failure.error(of: server).message
        }
    }
}
