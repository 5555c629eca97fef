import JSON
import JSONRPC
import MCP
import SystemCalls

@testable import ExecMCP

extension Property {
    /// What a URI names is a path downwards of visible names, byte for byte, and the URI that is written of it names the
    /// same.
    static let uris = Property(name: "uris") { bytes throws(BrokenPropertyError) in
        let text = String(decoding: bytes, as: UTF8.self)
        try hold(PercentEncoding.decode(path: PercentEncoding.encode(text)) == text, "decoded to something else")
        guard let uri = ResourceURI(text) else { return }
        let segments =
            switch uri {
            case .skill(let name, let path): [name] + path
            case .artifact(let name): [name]
            }
        for segment in segments.map(\.utf8) {
            try hold(!segment.contains(0x2F) && !segment.contains(0), "a segment with a slash or NUL")
            try hold(!segment.isEmpty && segment.first != UInt8(ascii: "."), "a hidden or empty segment")
        }
        // Encoding may make a URI longer than any that is read.
        try hold(uri.text.utf8.count > 8192 || ResourceURI(uri.text) == uri, "its own URI names something else")
    }

    /// A page leads on with a cursor that its list takes, and no cursor is taken but digits.
    static let cursors = Property(name: "cursors") { bytes throws(BrokenPropertyError) in
        let text = String(decoding: bytes, as: UTF8.self)
        if (try? page(["a"], after: text)) != nil {
            try hold(text.utf8.allSatisfy { "0123456789abcdef".utf8.contains($0) }, "not a cursor of ours")
        }
        // As a name in a list: between the first and the last of all.
        guard let first = try? page([text, text + "\u{10FFFF}"], after: nil), let cursor = first.nextCursor else {
            throw BrokenPropertyError(description: "the first page does not lead on")
        }
        let second = try? page([text, text + "\u{10FFFF}"], after: cursor)
        try hold(second?.elements == [text + "\u{10FFFF}"], "the cursor does not lead to the next element")
    }

    private static func page(_ elements: [String], after cursor: String?) throws(RPCError) -> Page<String> {
        try Page(of: "l", elements, key: { $0 }, cursor: cursor.map(JSON.string), size: 1)
    }
}
