public import JSON
public import JSONRPC

/// The names that MCP reserves in `_meta` (2026-07-28, basic/index).
public enum MetaKey {
    /// The revision that a request is made in.
    public static let protocolVersion = "io.modelcontextprotocol/protocolVersion"
    /// What the client can do.
    public static let clientCapabilities = "io.modelcontextprotocol/clientCapabilities"
    /// Who the client is.
    public static let clientInfo = "io.modelcontextprotocol/clientInfo"
    /// The least severe log message that the client wants for a request.
    public static let logLevel = "io.modelcontextprotocol/logLevel"
    /// Who made a result.
    public static let serverInfo = "io.modelcontextprotocol/serverInfo"
    /// Which `subscriptions/listen` a notification belongs to.
    public static let subscriptionID = "io.modelcontextprotocol/subscriptionId"
    /// By what the client wants to be told of progress.
    public static let progressToken = "progressToken"
    /// The place of a request in a distributed trace (W3C Trace Context).
    public static let traceParent = "traceparent"
}

/// The names of the extensions that are known here.
public enum ExtensionID {
    /// Agent Skills as resources (SEP-2640).
    public static let skills = "io.modelcontextprotocol/skills"
    /// Calls that go on after their answer (SEP-2663).
    public static let tasks = "io.modelcontextprotocol/tasks"
}

/// What a request is to be understood by: its revision and its metadata.
public struct RequestContext: Sendable, Equatable {
    /// The revision that it is made in.
    public let revision: Revision
    /// Its `_meta`; empty where there is none.
    public let meta: JSONObject

    /// A context.
    public init(revision: Revision, meta: JSONObject = JSONObject()) {
        self.revision = revision
        self.meta = meta
    }

    /// By what the client wants to be told of progress: a string or an integer; `nil` where it does not.
    public var progressToken: JSON? {
        switch meta[MetaKey.progressToken] {
        case .string(let text): .string(text)
        case .integer(let number): .integer(number)
        default: nil
        }
    }

    /// The trace that the request is part of, 32 hexadecimal digits; `nil` where it says none or no valid one (W3C
    /// Trace Context, `traceparent`).
    public var traceID: String? {
        guard let parts = meta[MetaKey.traceParent]?.stringValue?.split(separator: "-", maxSplits: 8),
            parts.count >= 4, parts[0].count == 2, parts[1].count == 32, parts[2].count == 16, parts[3].count == 2,
            parts[...3].allSatisfy({ $0.allSatisfy { "0123456789abcdef".contains($0) } }),
            parts[0] != "ff", parts[1].contains(where: { $0 != "0" }), parts[2].contains(where: { $0 != "0" })
        else { return nil }
        return String(parts[1])
    }

    /// Whether the client declared `extension` on this request. What an earlier one declared does not count
    /// (2026-07-28, basic/index).
    public func declares(extension identifier: String) -> Bool {
        revision.isModern
            && meta[MetaKey.clientCapabilities]?["extensions"]?[identifier]?.objectValue != nil
    }
}

extension RequestContext {
    private static let logLevels: Set<String> = [
        "debug", "info", "notice", "warning", "error", "critical", "alert", "emergency",
    ]

    /// Finds out what era a request belongs to. Each is judged by itself: the era is never fixed by the first one.
    ///
    /// - Parameter negotiated: the revision that `initialize` agreed on, if there was one.
    /// - Throws: the error that the request gets: -32602 for missing metadata, -32022 for a revision that is not served
    ///   by request (2026-07-28, basic/versioning).
    public static func of(_ request: Request, negotiated: Revision?) throws(RPCError) -> RequestContext {
        let meta: JSONObject
        switch request.params["_meta"] {
        case nil: meta = JSONObject()
        case .object(let members): meta = members
        case .some(let other):
            throw .invalidParams("_meta must be an object, not \(other.kindDescription).")
        }
        if let version = meta[MetaKey.protocolVersion] { return try modern(version, meta) }
        if let negotiated, !isModernOnly(request.method) {
            return RequestContext(revision: negotiated, meta: meta)
        }
        if request.method == "ping" { return RequestContext(revision: .latestLegacy, meta: meta) }
        throw .invalidParams(
            """
            _meta lacks \(MetaKey.protocolVersion) and \(MetaKey.clientCapabilities). Send them with each request, or \
            send initialize first.
            """)
    }

    private static func isModernOnly(_ method: String) -> Bool {
        ["server/discover", "subscriptions/listen", "resources/directory/read"].contains(method)
            || method.hasPrefix("tasks/") || method.hasPrefix("skills/")
    }

    private static func modern(_ version: JSON, _ meta: JSONObject) throws(RPCError) -> RequestContext {
        guard let name = version.stringValue else {
            throw .invalidParams("\(MetaKey.protocolVersion) must be a string, not \(version.kindDescription).")
        }
        guard meta[MetaKey.clientCapabilities]?.objectValue != nil else {
            throw .invalidParams("_meta must hold \(MetaKey.clientCapabilities), an object.")
        }
        guard let revision = Revision(rawValue: name), revision.isModern else {
            throw RPCError(
                code: -32022, message: "The protocol version \(name.prefix(64)) is not served by request.",
                data: ["supported": .array(Revision.supported.map(JSON.string)), "requested": .string(name)])
        }
        if let level = meta[MetaKey.logLevel], !logLevels.contains(level.stringValue ?? "") {
            throw .invalidParams("\(MetaKey.logLevel) must be one of \(logLevels.sorted().joined(separator: ", ")).")
        }
        return RequestContext(revision: revision, meta: meta)
    }
}
