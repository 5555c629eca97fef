import BridgeModules
import JSON
import MCP
import MCPClient

/// Whether a bridge's servers are real, and whether their answers are recorded.
public enum RecordingMode: Sendable {
    /// Real servers, nothing is recorded.
    case off
    /// Real servers; what they answer is recorded.
    case record(RecordingWriter)
    /// No server is started; every answer comes from a recording.
    case replay(Recording)

    /// The same for one server.
    func ofServer(_ name: String) -> ServerRecording {
        switch self {
        case .off: .off
        case .record(let writer): .record(writer)
        case .replay(let recording): .replay(recording.server(name))
        }
    }
}

/// Whether a server is real, and whether its answers are recorded.
enum ServerRecording: Sendable {
    case off
    case record(RecordingWriter)
    /// Its answers come from a recording; `nil` if it has nothing of the server.
    case replay(RecordedServer?)

    /// Whether the server must not be started.
    var isReplay: Bool {
        if case .replay = self { true } else { false }
    }
}

extension BridgeServer {
    /// Makes a request of the server, or answers it from a recording.
    ///
    /// - Parameter live: makes the request.
    /// - Throws: what `live` throws, and ``BridgeError`` for a request that the recording doesn't have.
    func exchange(
        _ request: ServerRequest, _ live: () async throws(BridgeError) -> RawToolResult
    ) async throws(BridgeError) -> RawToolResult {
        switch recording {
        case .off: return try await live()
        case .replay(let recorded):
            guard let recorded else {
                throw BridgeError(.notRecorded, "The recording has nothing of the server \(name).")
            }
            return try recorded.answer(to: request)
        case .record(let writer):
            let ticket = writer.begin(request, of: name)
            do throws(BridgeError) {
                let result = try await live()
                writer.end(ticket, .success(result))
                return result
            } catch {
                writer.end(ticket, .failure(error))
                throw error
            }
        }
    }
}
