/// The methods that exec-mcp has beyond MCP: files of any bytes, the state of a user's sandbox, and metrics.
/// `docs/mcp-files.md` describes them.
public enum SandboxMethod: String, Sendable, CaseIterable {
    case writeFile = "exec-mcp/files/write"
    case cancelWrite = "exec-mcp/files/cancel"
    case readFile = "exec-mcp/files/read"
    case listDirectory = "exec-mcp/files/list"
    case deleteFile = "exec-mcp/files/delete"
    case sandboxStatus = "exec-mcp/sandbox/status"
    case stopSandbox = "exec-mcp/sandbox/stop"
    case listSandboxes = "exec-mcp/sandbox/list"
    case readMetrics = "exec-mcp/metrics/read"

    /// The identifier under which a server announces the methods for files: in `capabilities.extensions` of the modern
    /// revision, in `capabilities.experimental` of the older ones.
    public static let filesExtension = "exec-mcp/files"
    /// The identifier of the methods for sandboxes.
    public static let sandboxExtension = "exec-mcp/sandbox"
    /// The identifier of the method for metrics.
    public static let metricsExtension = "exec-mcp/metrics"

    /// The codes of the errors that answer these methods, besides those of JSON-RPC: HTTP's status codes, which are
    /// outside the range that JSON-RPC and MCP reserve.
    public enum ErrorCode: Int, Sendable, CaseIterable {
        /// The file, directory or upload doesn't exist.
        case notFound = 404
        /// The state doesn't allow it: the name is taken, or a chunk isn't the next one.
        case conflict = 409
        /// It is larger than allowed.
        case tooLarge = 413
        /// The bytes aren't those that their digest or size names.
        case mismatch = 422
        /// The sandbox refuses it: read-only, not permitted, no space left.
        case refused = 403
        /// No capacity is left for now.
        case busy = 503
    }

    /// What happens to a file that has the name of a new one.
    public enum Existing: String, Sendable, CaseIterable {
        /// The new file gets another name: `data (2).csv`.
        case rename
        /// The new file is refused.
        case fail
        /// The new file takes its place.
        case replace
    }

    /// The kind of a directory entry.
    public enum EntryKind: String, Sendable, CaseIterable {
        case file, directory, link, other
    }

    /// The state of a user's sandbox.
    public enum SandboxState: String, Sendable, CaseIterable {
        /// The user has no sandbox. The next call starts one.
        case none
        case starting
        /// Nothing runs in it.
        case idle
        /// Calls or background processes run in it.
        case busy
    }
}
