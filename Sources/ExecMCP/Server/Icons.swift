import MCP

extension Icon {
    /// A prompt in a box.
    static let server = drawing("M1 1h6v6H1zM2 2v4h4V2zM3 3l1 1-1 1z")
    static let shell = drawing("M1 1l3 3-3 3M4 6h3v1H4")
    static let write = drawing("M5 1l2 2-4 4H1V5")
    static let read = drawing("M1 1h6v1H1m0 1h6v1H1m0 1h4v1H1")
    static let documentation = drawing("M1 1h3v6H1M5 1h2v6H5")

    /// Few strokes, to keep the tool listing short.
    private static func drawing(_ path: String) -> Icon {
        Icon(svg: #"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><path d="\#(path)"/></svg>"#)
    }
}
