public import JSON
import JSONRPC
public import MCP

/// A server's description of itself from the handshake.
public struct ServerDescription: Sendable, Equatable {
    /// The protocol revision in use.
    public let revision: Revision
    /// The server's name for programs; empty if missing.
    public let name: String
    /// The server's capabilities, in the format of the revision.
    public let capabilities: JSONObject
    /// The server's instructions for the model; `nil` if it has none.
    public let instructions: String?

    /// Whether the server declares `tools`, `prompts` or `resources`.
    public func offers(_ capability: String) -> Bool {
        // The protocol requires an object, but some servers write true.
        switch capabilities.given(capability) {
        case nil, .bool(false): false
        default: true
        }
    }

    /// Returns the settings with which the server announces an extension; `nil` if it doesn't. Revisions without
    /// extensions have experimental capabilities instead.
    public func settings(ofExtension identifier: String) -> JSONObject? {
        capabilities[revision.isModern ? "extensions" : "experimental"]?[identifier]?.objectValue
    }

    /// Whether the server may have undeclared tools: some servers declare nothing at all.
    var mayHaveTools: Bool {
        if offers("tools") { return true }
        return ["tools", "prompts", "resources"].allSatisfy { capabilities.given($0) == nil }
    }

    /// Whether the server reports changes to its list of `tools`, `prompts` or `resources`.
    public func announcesChanges(to capability: String) -> Bool {
        capabilities[capability]?["listChanged"]?.boolValue == true
    }
}

/// Negotiates the protocol revision between client and server.
struct Handshake {
    /// The one modern revision that this client supports.
    static let modern = Revision.july2026
    /// Maximum length of the instructions in Unicode scalars; the rest is cut.
    private static let instructionsLength = 16_000

    let connection: Connection
    let identity: ClientIdentity
    /// The capabilities that this client declares; see ``capabilities(for:)``.
    let capabilities: JSONObject
    let limits: ClientLimits

    /// Probes for a modern server (2026-07-28, basic/transports/stdio, Backward Compatibility).
    ///
    /// - Returns: `nil` for a server that doesn't support the method, or only revisions with a handshake: any error or
    ///   silence means so.
    /// - Throws: ``MCPClientError`` if server and client have no revision in common, or the server has ended.
    func discover() async throws(MCPClientError) -> ServerDescription? {
        let reply: PendingCalls.Reply
        do {
            reply = try await connection.sendRequest(
                "server/discover", ["_meta": .object(Self.modernMeta(identity, capabilities))],
                Connection.Call(timeLimit: limits.probeSeconds, isCancellable: false))
        } catch {
            switch error {
            // An older server may fail at an unknown request.
            case .timedOut, .malformed, .unavailable(_, mayHaveHappened: true): return nil
            default: throw error
            }
        }
        switch reply.outcome {
        case .success(let result):
            guard let versions = Self.strings(result["supportedVersions"]) else { return nil }
            guard try Self.isModernCommon(versions) else { return nil }
            let server = Self.description(result, Self.modern, info: result["_meta"]?[MetaKey.serverInfo])
            connection.adapt(to: server)
            return server
        case .failure(let error):
            if error.code == Self.unsupportedVersion, let versions = Self.strings(error.data?["supported"]) {
                // It rejects this client's only modern revision, even if it lists it; only the handshake is left.
                _ = try Self.isModernCommon(versions)
            }
            return nil
        }
    }

    /// Performs the legacy handshake (2025-11-25, basic/lifecycle).
    func initialize() async throws(MCPClientError) -> ServerDescription {
        let reply = try await connection.sendRequest(
            "initialize",
            [
                "protocolVersion": .string(Revision.latestLegacy.rawValue), "capabilities": .object(capabilities),
                "clientInfo": Self.json(identity),
            ],
            Connection.Call(timeLimit: limits.requestSeconds, isCancellable: false))
        let result = try reply.result()
        let revision: Revision
        if let named = Revision(rawValue: result["protocolVersion"]?.stringValue ?? ""), !named.isModern {
            revision = named
        } else {
            // The server has responded, so it knows the handshake, and the legacy revisions differ little.
            revision = .latestLegacy
            let said = result.given("protocolVersion").map { version in
                "the revision \((version.stringValue ?? version.text).beginning(64)) of MCP"
            }
            connection.remark(
                "it answers with \(said ?? "no protocolVersion"); \(revision.rawValue) is used with it anyway")
        }
        let server = Self.description(result, revision, info: result["serverInfo"])
        connection.adapt(to: server)
        connection.notify("notifications/initialized")
        return server
    }

    /// Returns the capabilities of a client with this handler, for all revisions: revisions without modes ignore their
    /// names.
    static func capabilities(for elicitation: (any ElicitationHandler)?) -> JSONObject {
        guard let modes = elicitation?.modes, !modes.isEmpty else { return JSONObject() }
        var named = JSONObject()
        for mode in Elicitation.Mode.allCases where modes.contains(mode) { named[mode.rawValue] = [:] }
        return ["elicitation": .object(named)]
    }

    /// Returns the metadata of each modern request (2026-07-28, basic/index).
    static func modernMeta(_ identity: ClientIdentity, _ capabilities: JSONObject) -> JSONObject {
        [
            MetaKey.protocolVersion: .string(modern.rawValue), MetaKey.clientCapabilities: .object(capabilities),
            MetaKey.clientInfo: json(identity),
        ]
    }

    /// The error code -32022: the server doesn't support the request's revision (2026-07-28, basic/index).
    private static let unsupportedVersion = -32022

    /// - Returns: whether the server supports the modern revision; `false` if it supports only older ones.
    /// - Throws: ``MCPClientError/unsupported(_:)`` if this client knows none of them.
    private static func isModernCommon(_ versions: [String]) throws(MCPClientError) -> Bool {
        if versions.contains(modern.rawValue) { return true }
        guard versions.contains(where: { Revision(rawValue: $0) != nil }) else {
            let names = versions.prefix(8).map { $0.beginning(64) }.joined(separator: ", ")
            throw .unsupported("revisions of MCP that this client does not know: \(names)")
        }
        return false
    }

    private static func description(_ result: JSONObject, _ revision: Revision, info: JSON?) -> ServerDescription {
        let instructions = result["instructions"]?.stringValue
        return ServerDescription(
            revision: revision, name: info?["name"]?.stringValue?.beginning(128) ?? "",
            capabilities: capabilities(result["capabilities"]),
            instructions: instructions?.beginning(instructionsLength))
    }

    /// Returns the server's capabilities; also accepts a list of names.
    private static func capabilities(_ value: JSON?) -> JSONObject {
        if let object = value?.objectValue { return object }
        var capabilities = JSONObject()
        for name in strings(value) ?? [] { capabilities[name] = [:] }
        return capabilities
    }

    private static func strings(_ value: JSON?) -> [String]? {
        value?.arrayValue?.compactMap(\.stringValue)
    }

    private static func json(_ identity: ClientIdentity) -> JSON {
        ["name": .string(identity.name), "version": .string(identity.version)]
    }
}

extension PendingCalls.Reply {
    /// Maximum length in Unicode scalars of a server's error message; the rest is cut. More than the bridge passes on, by
    /// a private value's length, so that none is cut in two before it is recognized.
    private static let messageLength = 5000

    /// Returns the result of a successful request.
    ///
    /// - Throws: the server's error; ``MCPClientError/unsupported(_:)`` for an incomplete result, such as one that
    ///   asks for input (2026-07-28, basic/patterns/mrtr) that can't be provided here.
    func result() throws(MCPClientError) -> JSONObject {
        switch outcome {
        case .failure(let error):
            let message = error.message.isEmpty ? "error \(error.code)" : error.message
            throw .refused(code: error.code, message: message.beginning(Self.messageLength))
        case .success(let result):
            switch result["resultType"] {
            case nil, "complete": return result
            case .string("input_required"): throw .unsupported("a question to the user, which cannot be asked here")
            // What the type is stays the server's own: it may hold what must not be shown, and nobody can act on it.
            case .string: throw .unsupported("a result of an unknown type")
            case .some(let other): throw .malformed("resultType must be a string, not \(other.kindDescription)")
            }
        }
    }
}
