import BridgeModules
import Diagnostics
import JSON
import MCP
import MCPClient
import MCPServers
import SystemCalls

/// What servers answered when a script ran, in place of the servers.
///
/// A request gets what the same request got, whatever came before it; the second of equal requests gets the second
/// answer.
public final class Recording: Sendable {
    private let servers: [String: RecordedServer]

    /// Reads a recording.
    ///
    /// - Parameters:
    ///   - entries: the servers. Their secrets are hidden in the recording.
    ///   - onWarning: called with each part that is left out.
    /// - Throws: ``RecordingError``.
    public init(
        path: String, entries: [BridgeServerEntry], onWarning: (String) -> Void
    ) throws(RecordingError) {
        var reader = RecordingReader(bytes: try Self.contents(of: path))
        try reader.read(onWarning)
        let secrets = Self.secrets(of: entries)
        servers = reader.servers.reduce(into: [:]) { servers, content in
            servers[content.key] = RecordedServer(
                content.value, of: content.key, in: reader.bytes, secrets: secrets[content.key])
        }
        for name in servers.keys.sorted() where !entries.contains(where: { $0.name == name }) {
            onWarning("the server \(name.singleLine(limit: 100)) is in no file of --mcp-config, so it is left out")
        }
    }

    /// Returns what was recorded of a server; `nil` if nothing was.
    func server(_ name: String) -> RecordedServer? { servers[name] }

    /// The texts to hide in what is recorded, by the servers' names.
    static func secrets(of entries: [BridgeServerEntry]) -> [String: SecretTexts] {
        entries.reduce(into: [:]) { secrets, entry in
            let values = entry.entry.secrets
            if !values.isEmpty { secrets[entry.name] = SecretTexts(values) }
        }
    }

    private static func contents(of path: String) throws(RecordingError) -> [UInt8] {
        // Anything else may have no end.
        guard Files.isRegularFile(path) else { throw RecordingError("it is not a regular file, or cannot be found") }
        let bytes: [UInt8]
        do throws(Descriptors.ContentsError) {
            bytes = try Files.contents(of: path, limit: RecordingWriter.maxBytes)
        } catch {
            switch error {
            case .tooLong: throw RecordingError("it has more than \(RecordingWriter.maxBytes) bytes")
            case .system(let error): throw RecordingError("it cannot be read: \(error)")
            }
        }
        guard !bytes.isEmpty else { throw RecordingError("it is empty") }
        return bytes
    }
}
