import MCP
import MCPClient
import MCPServers

/// A request for files of a sandbox, or for a sandbox, failed.
struct SandboxFilesError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The kind of a failure.
    enum Kind: Sendable, Equatable {
        /// The file, directory or upload doesn't exist.
        case notFound
        /// The name is taken, or the file has changed meanwhile.
        case conflict
        /// It is larger than allowed.
        case tooLarge
        /// The request isn't valid: a bad path, a wrong digest.
        case invalid
        /// The sandbox refuses it: read-only, not permitted, no space left.
        case refused
        /// No capacity is left for now.
        case busy
        /// No server offers the methods.
        case unsupported
        /// Anything else: the server or its sandbox has failed.
        case failed
    }

    let kind: Kind
    /// What happened and what to do.
    let message: String

    init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }

    /// A server that can't be used, or an error that it answered with.
    init(_ error: SupervisionError, of server: String) {
        guard case .inUse(.refused(let code, let message)) = error else {
            self.init(.failed, error.error(of: server).message)
            return
        }
        let kind: Kind =
            switch SandboxMethod.ErrorCode(rawValue: code) {
            case .notFound: .notFound
            case .conflict: .conflict
            case .tooLarge: .tooLarge
            case .mismatch: .invalid
            case .refused: .refused
            case .busy: .busy
            case nil: code == -32602 ? .invalid : .failed
            }
        self.init(kind, message)
    }

    /// The error for a result that can't be read.
    static func malformed(_ method: SandboxMethod) -> SandboxFilesError {
        SandboxFilesError(.failed, "The MCP server answered \(method.rawValue) with an invalid result.")
    }

    var description: String { message }
}
