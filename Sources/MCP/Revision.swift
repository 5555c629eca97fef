/// A revision of the Model Context Protocol, oldest first.
public enum Revision: String, Sendable, CaseIterable, Comparable {
    case november2024 = "2024-11-05"
    case march2025 = "2025-03-26"
    case june2025 = "2025-06-18"
    case november2025 = "2025-11-25"
    case july2026 = "2026-07-28"

    /// The newest revision that starts with an `initialize` handshake.
    public static let latestLegacy = Revision.november2025

    /// Whether the revision has no handshake and each request carries its own metadata (2026-07-28, basic/index).
    public var isModern: Bool { self >= .july2026 }

    /// Every supported revision, newest first, as `supportedVersions` lists them.
    public static let supported = allCases.reversed().map(\.rawValue)

    /// Whether `left` is older than `right`.
    public static func < (left: Revision, right: Revision) -> Bool {
        left.rawValue < right.rawValue
    }

    /// Whether there are tool annotations (2025-03-26, server/tools).
    public var hasToolAnnotations: Bool { self >= .march2025 }
    /// Whether there are progress notifications with a message, and the capability `completions` (2025-03-26,
    /// changelog).
    public var hasProgressMessages: Bool { self >= .march2025 }
    /// Whether there are JSON-RPC batches; only 2025-03-26 has them (2025-03-26, basic/index).
    public var hasBatches: Bool { self == .march2025 }
    /// Whether there are titles, output schemas, structured content and resource links (2025-06-18, changelog).
    public var hasStructuredContent: Bool { self >= .june2025 }
    /// Whether implementations have `description`, `icons` and `websiteUrl` (2025-11-25, changelog).
    public var hasImplementationDetails: Bool { self >= .november2025 }
    /// Whether servers can ask the client's user (2025-06-18, changelog).
    public var hasElicitation: Bool { self >= .june2025 }
    /// Whether elicitation has modes, one of which is to visit a URL, and forms have default values and selections of
    /// several values (2025-11-25, changelog).
    public var hasURLElicitation: Bool { self >= .november2025 }
    /// The error code for a missing resource (2026-07-28, changelog).
    public var resourceNotFoundCode: Int { isModern ? -32602 : -32002 }
    /// Whether invalid tool arguments are reported as a tool result, so that the model sees them, instead of a
    /// protocol error (2025-11-25, changelog).
    public var reportsBadArgumentsAsResult: Bool { self >= .november2025 }
}
