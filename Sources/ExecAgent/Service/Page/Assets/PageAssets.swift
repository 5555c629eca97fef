import CEmbeddedFiles
import EmbeddedFiles
import HTTPServer
import Hashing

/// The files that the page consists of. They contain no data, and anyone who can reach the service may load them.
enum PageAssets {
    /// A file of the page.
    struct Asset: Sendable {
        let name: String
        let bytes: [UInt8]
        let entityTag: String

        fileprivate init(_ name: String, _ source: [UInt8]) {
            self.name = name
            bytes = name.hasSuffix(".js") || name.hasSuffix(".css") ? PageAssets.withoutComments(source) : source
            entityTag = "\"\(SHA256.hexDigest(of: bytes).prefix(32))\""
        }

        /// The path at which it is served.
        var path: String { name == PageAssets.main ? "/" : "/ui/\(name)" }

        fileprivate var mediaType: String {
            switch name.split(separator: ".").last {
            case "html": "text/html; charset=utf-8"
            case "css": "text/css; charset=utf-8"
            case "js": "text/javascript; charset=utf-8"
            case "svg": "image/svg+xml"
            case "webmanifest": "application/manifest+json"
            default: "application/octet-stream"
            }
        }
    }

    fileprivate static let main = "index.html"

    /// The paths at which the files are served.
    static let paths = Set(all.map(\.path))

    /// The files.
    static let all = EmbeddedFiles(embedded_page()).all.map { Asset($0.name, $0.bytes) }

    /// Returns JavaScript or CSS without lines that are blank or comments, and without indentation.
    ///
    /// Looks at lines only: block comments have lines of their own, and texts in backticks don't extend over several lines.
    static func withoutComments(_ source: [UInt8]) -> [UInt8] {
        var kept: [UInt8] = []
        var isInside = false
        for line in source.split(separator: UInt8(ascii: "\n")) {
            let text = line.drop { $0 == UInt8(ascii: "\t") || $0 == UInt8(ascii: " ") }
            if isInside || text.starts(with: "/*".utf8) {
                isInside = !text.suffix(2).elementsEqual("*/".utf8)
            } else if !text.isEmpty && !text.starts(with: "//".utf8) {
                kept += text
                kept.append(UInt8(ascii: "\n"))
            }
        }
        return kept
    }

    /// Whether a request is for one of the files, by its exact path.
    static func isAsset(_ request: HTTPRequest) -> Bool {
        ["GET", "HEAD"].contains(request.method) && paths.contains(request.path)
    }

    /// Returns the response to a request for a file.
    static func response(of asset: Asset, to request: HTTPRequest) -> HTTPResponse {
        let headers =
            [
                HTTPHeader("ETag", asset.entityTag), HTTPHeader("Cache-Control", "no-cache"),
                HTTPHeader("Content-Security-Policy", PageHeaders.pagePolicy),
            ]
        let known = (request.header("if-none-match") ?? "").split(separator: ",").map { tag in
            tag.drop { $0 == " " }.trimmingPrefix("W/")
        }
        if known.contains(where: { $0 == asset.entityTag }) { return HTTPResponse(status: 304, headers: headers) }
        return HTTPResponse(
            headers: headers + [HTTPHeader("Content-Type", asset.mediaType)], body: .bytes(asset.bytes))
    }
}
