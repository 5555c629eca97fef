public import JSON

/// An icon that a host may show beside a name (2025-11-25, basic/index, Icons).
public struct Icon: Sendable, Equatable {
    /// The SVG document.
    public let svg: String

    /// An icon from a complete SVG document.
    public init(svg: String) {
        self.svg = svg
    }

    /// The icon on the wire. The image is inlined in a `data:` URI, so that nothing has to be fetched.
    public var json: JSON {
        ["src": .string("data:image/svg+xml;base64,\(Base64.encode(Array(svg.utf8)))")]
    }
}

extension JSONObject {
    /// Adds `icons` if `revision` supports them.
    mutating func addIcons(_ icons: [Icon], for revision: Revision) {
        if revision.hasImplementationDetails, !icons.isEmpty { self["icons"] = .array(icons.map(\.json)) }
    }
}
