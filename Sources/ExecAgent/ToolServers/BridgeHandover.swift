import MCPServers
import SystemCalls

/// Hands servers to exec-mcp in a private file, which is gone with this object: their entries hold keys, so they must be
/// in no command line, and in no file that a program that is killed leaves behind. Systems without anonymous files get
/// one with a name, which only an orderly end removes.
final class BridgeHandover: Sendable {
    /// Where exec-mcp finds the paths of its files.
    private static let variable = "MCP_EXECUTOR_MCP_CONFIG"
    private static let flag = "--mcp-config"

    /// The servers' names.
    let names: [String]
    private let place: Place
    private var file: String {
        switch place {
        case .anonymous(let file): file.path
        case .directory(let directory): Self.file(in: directory)
        }
    }

    private enum Place {
        case anonymous(AnonymousFile)
        /// A directory of this account alone.
        case directory(String)
    }

    /// Writes the file.
    ///
    /// - Parameter isNamed: whether it has a name in any case.
    /// - Throws: ``ServerConfigurationError``.
    init(
        _ servers: [ToolServerEntry], environment: [String: String], isNamed: Bool = false
    ) throws(ServerConfigurationError) {
        names = servers.map(\.name)
        let text = ResolvedServers.text(of: servers)
        guard text.count <= ServersFile.sizeLimit else {
            throw ServerConfigurationError(
                message: "the servers for --bridge have more than \(ServersFile.sizeLimit) bytes")
        }
        if !isNamed, let file = AnonymousFile(text) {
            place = .anonymous(file)
            return
        }
        let directory = try Self.makeDirectory(environment)
        place = .directory(directory)
        let file = Self.file(in: directory)
        let descriptor = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        let isWritten = descriptor >= 0 && Descriptors.write(text, to: descriptor)
        let error = errno
        guard descriptor >= 0, close(descriptor) == 0, isWritten else {
            remove()
            throw Self.failure(file, error)
        }
    }

    deinit {
        remove()
    }

    /// Removes the file if it has a name. Further calls do nothing.
    func remove() {
        guard case .directory(let directory) = place else { return }
        unlink(Self.file(in: directory))
        rmdir(directory)
    }

    private static func file(in directory: String) -> String { "\(directory)/servers.json" }

    /// Makes exec-mcp read the file, besides those that it reads anyway.
    func apply(to entry: inout ToolServerEntry, environment: [String: String]) {
        if entry.arguments.contains(where: { $0 == Self.flag || $0.hasPrefix("\(Self.flag)=") }) {
            // The flag would override the variable.
            entry.arguments += [Self.flag, file]
        } else {
            let others = entry.environment[Self.variable] ?? environment[Self.variable] ?? ""
            entry.environment[Self.variable] = others.isEmpty ? file : "\(others):\(file)"
        }
    }

    /// Makes a directory of this account alone, in memory if the system has such a place.
    private static func makeDirectory(
        _ environment: [String: String]
    ) throws(ServerConfigurationError) -> String {
        let name = "exec-agent-" + String(UInt64.random(in: 0...UInt64.max), radix: 36)
        var failure: ServerConfigurationError?
        for place in [environment["XDG_RUNTIME_DIR"], environment["TMPDIR"], "/tmp"] {
            // A colon separates paths in the variable.
            guard let place, place.hasPrefix("/"), !place.contains(":") else { continue }
            let path = "\(place)/\(name)"
            if mkdir(path, 0o700) == 0 { return path }
            failure = Self.failure(path, errno)
        }
        throw failure ?? Self.failure("/tmp", ENOENT)
    }

    private static func failure(_ path: String, _ error: Int32) -> ServerConfigurationError {
        ServerConfigurationError(message: "--bridge: cannot write \(path): \(String(cString: strerror(error)))")
    }
}
