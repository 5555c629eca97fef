import Diagnostics

/// What whoever runs a program should know of its servers, and nobody is told by an error.
public enum ServerNotice: Sendable, Equatable, CustomStringConvertible {
    /// A server does what it ought not to, and is used all the same; with what.
    case remark(server: String, String)
    /// A server has ended by itself; with how, and the last that it said on standard error.
    case ended(server: String, how: String)
    /// The configuration names tools of a server that it does not have.
    case unknownTools(server: String, names: [String])
    /// No server has said in time what it has: these are waited for.
    case waiting(servers: [String])
    /// What was asked of all servers was done without this one; with why.
    case failed(server: String, SupervisionError)

    /// Names of unknown tools that are shown, and characters of each.
    private static let shownNames = 20
    private static let nameLength = 100

    /// The notice in words, on one line where the server's words are.
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
