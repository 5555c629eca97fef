public import JSON
import JSONRPC
public import MCP

/// What a server said of itself at the start.
public struct ServerDescription: Sendable, Equatable {
    /// The revision that is spoken with it.
    public let revision: Revision
    /// Its name for programs; empty where it says none.
    public let name: String
    /// What it can do, as the revision has it.
    public let capabilities: JSONObject
    /// How to work with it, for the model; `nil` where it says nothing.
    public let instructions: String?

    /// Whether it offers `tools`, `prompts` or `resources`.
    public func offers(_ capability: String) -> Bool {
        // An object, says the protocol, but some servers write true.
        switch capabilities.given(capability) {
        case nil, .bool(false): false
        default: true
        }
    }

    /// Whether it may have tools though it does not say so: some servers declare nothing at all.
    var mayHaveTools: Bool {
        if offers("tools") { return true }
        return ["tools", "prompts", "resources"].allSatisfy { capabilities.given($0) == nil }
    }

    /// Whether it tells of changes to the list of its `tools`, `prompts` or `resources`.
    public func tellsOfChanges(to capability: String) -> Bool {
        capabilities[capability]?["listChanged"]?.boolValue == true
    }
}

/// How a client and a server find the revision that they speak.
struct Handshake {
    /// The one modern revision that this client speaks.
    static let modern = Revision.july2026
    /// Scalars of instructions that are kept.
    private static let instructionsLength = 16_000

    let connection: Connection
    let identity: ClientIdentity
    /// What this client declares; see ``capabilities(for:)``.
    let capabilities: JSONObject
    let limits: ClientLimits

    /// Asks in the modern way (2026-07-28, basic/transports/stdio, Backward Compatibility).
    ///
    /// - Returns: `nil` for a server that does not know it, or that knows only revisions with a handshake: any error
    ///   says so, and so does silence.
    /// - Throws: where server and client have no revision in common, or the server has ended.
    func discover() async throws(MCPClientError) -> ServerDescription? {
        let reply: PendingCalls.Reply
        do {
            reply = try await connection.exchange(
                "server/discover", ["_meta": .object(Self.modernMeta(identity, capabilities))],
                Connection.Call(timeLimit: limits.probeSeconds, isCancellable: false))
        } catch {
            switch error {
            case .timedOut, .malformed: return nil
            default: throw error
            }
        }
        switch reply.outcome {
        case .success(let result):
            guard let versions = Self.strings(result["supportedVersions"]) else { return nil }
            guard try Self.isModernCommon(versions) else { return nil }
            return Self.description(result, Self.modern, info: result["_meta"]?[MetaKey.serverInfo])
        case .failure(let error):
            if error.code == Self.unsupportedVersion, let versions = Self.strings(error.data?["supported"]) {
                // It does not take the one revision that we have, whatever it lists: what is left is the handshake.
                _ = try Self.isModernCommon(versions)
            }
            return nil
        }
    }

    /// Shakes hands in the old way (2025-11-25, basic/lifecycle).
    func initialize() async throws(MCPClientError) -> ServerDescription {
        let reply = try await connection.exchange(
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
            // It has answered, so that there is a handshake, and what the revisions differ in is little.
            revision = .latestLegacy
            let said = result.given("protocolVersion").map { version in
                "the revision \((version.stringValue ?? version.text).beginning(64)) of MCP"
            }
            connection.remark(
                "it answers with \(said ?? "no protocolVersion"); \(revision.rawValue) is spoken with it all the same")
        }
        connection.notify("notifications/initialized")
        return Self.description(result, revision, info: result["serverInfo"])
    }

    /// The capabilities of a client with this handler, for all revisions: those older than modes ignore their names.
    static func capabilities(for elicitation: (any ElicitationHandler)?) -> JSONObject {
        guard let modes = elicitation?.modes, !modes.isEmpty else { return JSONObject() }
        var named = JSONObject()
        for mode in Elicitation.Mode.allCases where modes.contains(mode) { named[mode.rawValue] = [:] }
        return ["elicitation": .object(named)]
    }

    /// What each modern request carries (2026-07-28, basic/index).
    static func modernMeta(_ identity: ClientIdentity, _ capabilities: JSONObject) -> JSONObject {
        [
            MetaKey.protocolVersion: .string(modern.rawValue), MetaKey.clientCapabilities: .object(capabilities),
            MetaKey.clientInfo: json(identity),
        ]
    }

    /// -32022: the server does not speak the revision of a request (2026-07-28, basic/index).
    private static let unsupportedVersion = -32022

    /// - Returns: whether the modern revision is among those that a server speaks; `false` where an older one is.
    /// - Throws: where none is known.
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

    /// What a server can do, also where it only lists the names.
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
    /// Scalars of a server's error message that are passed on.
    private static let messageLength = 4000

    /// The result of a request that was fulfilled.
    ///
    /// - Throws: the server's error; ``MCPClientError/unsupported(_:)`` for a result that is not complete, like one that
    ///   asks for input (2026-07-28, basic/patterns/mrtr) where nobody can give any.
    func result() throws(MCPClientError) -> JSONObject {
        switch outcome {
        case .failure(let error):
            let message = error.message.isEmpty ? "error \(error.code)" : error.message
            throw .refused(code: error.code, message: message.beginning(Self.messageLength))
        case .success(let result):
            switch result["resultType"] {
            case nil, "complete": return result
            case .string("input_required"): throw .unsupported("a question to the user, which cannot be asked here")
            case .string(let type): throw .unsupported("a result of the type \(type.beginning(64))")
            case .some(let other): throw .malformed("resultType must be a string, not \(other.kindDescription)")
            }
        }
    }
}
