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
    /// Ours, not MCP's: by it a host that serves several people over one pipe says who is meant.
    public static let user = "x-user-id"
}

/// The names of the extensions that are known here.
public enum ExtensionID {
    /// Agent Skills as resources (SEP-2640).
    public static let skills = "io.modelcontextprotocol/skills"
    /// Calls that go on after their answer (SEP-2663).
    public static let tasks = "io.modelcontextprotocol/tasks"

    /// All of them. They belong to the modern revision.
    public static let all = [skills, tasks]

    /// Whether a method of this name is an extension's by its name, as `tasks/…` is for `io.modelcontextprotocol/tasks`.
    public static func owns(method name: String) -> Bool {
        all.contains { identifier in
            guard let extensionName = identifier.split(separator: "/").last else { return false }
            return name.hasPrefix("\(extensionName)/")
        }
    }
}

/// What a request is to be understood by: its revision and its metadata. It may be kept for as long as the request is
/// worked on, and is small however much there is in the request.
public struct RequestContext: Sendable, Equatable {
    /// The longest text of the metadata that is kept, in bytes, and the longest token that is taken.
    public static let maximumText = 1024
    private static let keptKeys = [MetaKey.progressToken, MetaKey.traceParent, MetaKey.user]

    /// The revision that it is made in.
    public let revision: Revision
    /// What counts here of its `_meta`, cut where it is long; null is left out.
    public let meta: JSONObject
    /// Those of the extensions known here that the client declared.
    private let extensions: Set<String>

    /// A context.
    public init(revision: Revision, meta: JSONObject = JSONObject()) {
        self.revision = revision
        self.meta = Self.shortened(meta)
        let declared = (try? meta.object(MetaKey.clientCapabilities)?.object("extensions")) ?? JSONObject()
        extensions = Set(
            ExtensionID.all.filter { (try? declared.object($0)) != nil })
    }

    private static func shortened(_ meta: JSONObject) -> JSONObject {
        var kept = JSONObject()
        for key in keptKeys {
            switch meta.given(key) {
            case .string(let text) where text.utf8.count > maximumText:
                // One more than the longest, so that it is still too long.
                kept[key] = .string(String(decoding: text.utf8.prefix(maximumText + 1), as: UTF8.self))
            case .array: kept[key] = []
            case .object: kept[key] = [:]
            case let value: kept[key] = value
            }
        }
        return kept
    }

    /// By what the client wants to be told of progress: a string or an integer; `nil` where it does not.
    public var progressToken: JSON? {
        switch meta[MetaKey.progressToken] {
        case .string(let text): .string(text)
        case .integer(let number): .integer(number)
        // An integer all the same, as JSON Schema has it; beyond this one, it would come back as another one.
        case .double(let number) where number.rounded() == number && abs(number) < 0x1p53: .double(number)
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
        revision.isModern && extensions.contains(identifier)
    }
}

extension RequestContext {
    private static let logLevels: Set<String> = [
        "debug", "info", "notice", "warning", "error", "critical", "alert", "emergency",
    ]

    /// Finds out what era a request belongs to. Each is judged by itself: the era is never fixed by the first one.
    ///
    /// - Parameters:
    ///   - negotiated: the revision that `initialize` agreed on, if there was one.
    ///   - isModernOnly: whether no revision with a handshake has the method.
    /// - Throws: the error that the request gets: -32602 for missing metadata or a token that is too long, -32022 for a revision that is not served
    ///   by request (2026-07-28, basic/versioning).
    public static func of(
        _ request: Request, negotiated: Revision?, isModernOnly: Bool
    ) throws(RPCError) -> RequestContext {
        let meta = try request.params.object("_meta") ?? JSONObject()
        if let token = meta[MetaKey.progressToken]?.stringValue, token.utf8.count > maximumText {
            throw .invalidParams("progressToken may have at most \(maximumText) bytes, not \(token.utf8.count).")
        }
        if let version = meta.given(MetaKey.protocolVersion) { return try modern(version, meta) }
        if let negotiated, !isModernOnly {
            return RequestContext(revision: negotiated, meta: meta)
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
            throw .invalidParams("_meta must hold \(MetaKey.clientCapabilities), an object.")
        }
        guard let revision = Revision(rawValue: name), revision.isModern else {
            throw RPCError(
                code: -32022, message: "The protocol version \(name.prefix(64)) is not served by request.",
                data: ["supported": .array(Revision.supported.map(JSON.string)), "requested": .string(name)])
        }
        if let level = meta.given(MetaKey.logLevel), !logLevels.contains(level.stringValue ?? "") {
            throw .invalidParams("\(MetaKey.logLevel) must be one of \(logLevels.sorted().joined(separator: ", ")).")
        }
        return RequestContext(revision: revision, meta: meta)
    }
}
