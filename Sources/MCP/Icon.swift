public import JSON

/// A small picture that a host may show beside a name (2025-11-25, basic/index, Icons).
public struct Icon: Sendable, Equatable {
    /// An SVG drawing.
    public let svg: String

    /// An icon drawn by `svg`, a whole document.
    public init(svg: String) {
        self.svg = svg
    }

    /// The icon as it is written: the picture travels in its URI, so that nothing has to be fetched.
    public var json: JSON {
        ["src": .string("data:image/svg+xml;base64,\(Base64.encode(Array(svg.utf8)))")]
    }
}

extension JSONObject {
    /// Adds `icons` where `revision` knows them.
    mutating func addIcons(_ icons: [Icon], for revision: Revision) {
        if revision.hasImplementationDetails, !icons.isEmpty { self["icons"] = .array(icons.map(\.json)) }
    }
}
