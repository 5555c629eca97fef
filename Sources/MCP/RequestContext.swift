public import JSON
public import JSONRPC
public import Telemetry

/// The keys that MCP reserves in `_meta` (2026-07-28, basic/index).
public enum MetaKey {
    /// The protocol revision of a request.
    public static let protocolVersion = "io.modelcontextprotocol/protocolVersion"
    /// The client's capabilities.
    public static let clientCapabilities = "io.modelcontextprotocol/clientCapabilities"
    /// The client's identity.
    public static let clientInfo = "io.modelcontextprotocol/clientInfo"
    /// The minimum severity of log messages that the client wants for a request.
    public static let logLevel = "io.modelcontextprotocol/logLevel"
    /// The server that produced a result.
    public static let serverInfo = "io.modelcontextprotocol/serverInfo"
    /// The `subscriptions/listen` request that a notification belongs to.
    public static let subscriptionID = "io.modelcontextprotocol/subscriptionId"
    /// The token under which the client wants progress notifications.
    public static let progressToken = "progressToken"
    /// The request's span in a distributed trace (W3C Trace Context).
    public static let traceParent = "traceparent"
    /// Data of tracing systems that goes with ``traceParent`` (W3C Trace Context).
    public static let traceState = "tracestate"
    /// Specific to exec-mcp, not part of MCP: identifies the user, for a host that serves several people over one
    /// pipe.
    public static let user = "x-user-id"
}

/// The identifiers of the extensions supported here.
public enum ExtensionID {
    /// Agent Skills as resources (SEP-2640).
    public static let skills = "io.modelcontextprotocol/skills"
    /// Calls that continue after their response (SEP-2663).
    public static let tasks = "io.modelcontextprotocol/tasks"

    /// All supported extensions. They exist only in the modern revision.
    public static let all = [skills, tasks]

    /// What the names of the extensions' methods begin with: `tasks/` for `io.modelcontextprotocol/tasks`.
    private static let methodPrefixes = all.map {
        Array($0.utf8.drop { $0 != UInt8(ascii: "/") }.dropFirst()) + [UInt8(ascii: "/")]
    }

    /// Whether the method's name belongs to an extension, as `tasks/…` belongs to `io.modelcontextprotocol/tasks`.
    public static func owns(method name: String) -> Bool {
        // Bytes, because every message is asked this.
        methodPrefixes.contains { name.utf8.starts(with: $0) }
    }
}

/// How to interpret a request: its revision and metadata. May be kept while the request is processed; its size is
/// bounded, whatever the size of the request.
public struct RequestContext: Sendable, Equatable {
    /// The maximum length in bytes of a metadata text that is kept, and of an accepted token.
    public static let maxText = 1024
    private static let keptKeys = [MetaKey.progressToken, MetaKey.traceParent, MetaKey.traceState, MetaKey.user]

    /// The revision of the request.
    public let revision: Revision
    /// The relevant members of `_meta`, truncated if long; nulls are omitted.
    public let meta: JSONObject
    /// How the client lets a server ask its user: declared on this request, or in the handshake.
    public let elicitation: ElicitationModes
    /// The supported extensions that the client declared.
    private let extensions: Set<String>

    /// A context.
    ///
    /// - Parameter elicitation: what the client declared in the handshake. A modern request has its own declaration in
    ///   `meta`.
    public init(revision: Revision, meta: JSONObject = JSONObject(), elicitation: ElicitationModes = []) {
        self.revision = revision
        self.meta = Self.shortened(meta)
        let capabilities = (try? meta.object(MetaKey.clientCapabilities)) ?? JSONObject()
        self.elicitation =
            revision.isModern ? ElicitationModes(capabilities: capabilities, revision: revision) : elicitation
        let declared = (try? capabilities.object("extensions")) ?? JSONObject()
        extensions = Set(
            ExtensionID.all.filter { (try? declared.object($0)) != nil })
    }

    private static func shortened(_ meta: JSONObject) -> JSONObject {
        var kept = JSONObject()
        for key in keptKeys {
            switch meta.given(key) {
            case .string(let text) where text.utf8.count > maxText:
                // One byte over the limit, so that the text is still recognized as too long.
                kept[key] = .string(String(decoding: text.utf8.prefix(maxText + 1), as: UTF8.self))
            case .array: kept[key] = []
            case .object: kept[key] = [:]
            case let value: kept[key] = value
            }
        }
        return kept
    }

    /// The token under which the client wants progress notifications: a string or an integer; `nil` if it wants none.
    public var progressToken: JSON? {
        switch meta[MetaKey.progressToken] {
        case .string(let text): .string(text)
        case .integer(let number): .integer(number)
        case .verbatim(let digits): .verbatim(digits)
        // Still an integer according to JSON Schema; beyond 2^53 a different one would be sent back.
        case .double(let number) where number.rounded() == number && abs(number) < 0x1p53: .double(number)
        default: nil
        }
    }

    /// Where the request is in a trace (W3C Trace Context); `nil` if it doesn't say so, or not validly.
    public var trace: TraceContext? {
        TraceContext(
            traceParent: meta[MetaKey.traceParent]?.stringValue, traceState: meta[MetaKey.traceState]?.stringValue)
    }

    /// The ID of the trace that the request is part of, 32 hexadecimal digits; `nil` if it isn't part of one.
    public var traceID: String? { trace.map { "\($0.traceID)" } }

    /// Whether the client declared `extension` on this request. Declarations on earlier requests don't count
    /// (2026-07-28, basic/index).
    public func declares(extension identifier: String) -> Bool {
        revision.isModern && extensions.contains(identifier)
    }
}

extension RequestContext {
    private static let logLevels: Set<String> = [
        "debug", "info", "notice", "warning", "error", "critical", "alert", "emergency",
    ]

    /// Determines the era of a request. Each request is judged by itself: the first one never fixes the era.
    ///
    /// - Parameters:
    ///   - negotiated: the revision negotiated by `initialize`; `nil` if none.
    ///   - elicitation: the modes declared there.
    ///   - isModernOnly: whether the method exists in no revision with a handshake.
    /// - Throws: the error to respond with: -32602 for missing metadata or a token that is too long, -32022 for a
    ///   revision that isn't served per request (2026-07-28, basic/versioning).
    public static func of(
        _ request: Request, negotiated: Revision?, elicitation: ElicitationModes = [], isModernOnly: Bool
    ) throws(RPCError) -> RequestContext {
        let meta = try request.params.object("_meta") ?? JSONObject()
        if let token = meta[MetaKey.progressToken]?.stringValue, token.utf8.count > maxText {
            throw .invalidParams("progressToken may have at most \(maxText) bytes, not \(token.utf8.count).")
        }
        if let version = meta.given(MetaKey.protocolVersion) { return try modern(version, meta) }
        if let negotiated, !isModernOnly {
            return RequestContext(revision: negotiated, meta: meta, elicitation: elicitation)
        }
        if request.method == "ping" { return RequestContext(revision: .latestLegacy, meta: meta) }
        throw .invalidParams(
            """
            _meta lacks \(MetaKey.protocolVersion) and \(MetaKey.clientCapabilities). Send them with each request, or \
            send initialize first.
            """)
    }

    private static func modern(_ version: JSON, _ meta: JSONObject) throws(RPCError) -> RequestContext {
        guard let name = version.stringValue else {
            throw .invalidParams("\(MetaKey.protocolVersion) must be a string, not \(version.kindDescription).")
        }
        guard meta[MetaKey.clientCapabilities]?.objectValue != nil else {
            throw .invalidParams("_meta must contain \(MetaKey.clientCapabilities), an object.")
        }
        guard let revision = Revision(rawValue: name), revision.isModern else {
            throw RPCError(
                code: -32022, message: "The protocol version \(name.prefix(64)) is not supported per request.",
                data: ["supported": .array(Revision.supported.map(JSON.string)), "requested": .string(name)])
        }
        if let level = meta.given(MetaKey.logLevel), !logLevels.contains(level.stringValue ?? "") {
            throw .invalidParams("\(MetaKey.logLevel) must be one of \(logLevels.sorted().joined(separator: ", ")).")
        }
        return RequestContext(revision: revision, meta: meta)
    }
}
