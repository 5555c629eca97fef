import HTTPServer

/// Header fields that make a browser save a file of a sandbox and never display or execute it.
enum Download {
    /// - Parameters:
    ///   - name: the name of the file; untrusted.
    ///   - type: its media type; untrusted.
    static func headers(of name: String, type: String) -> [HTTPHeader] {
        [
            HTTPHeader("Content-Type", mediaType(type)),
            HTTPHeader("Content-Disposition", disposition(name)),
            HTTPHeader("Content-Security-Policy", contentPolicy),
        ]
    }

    /// Returns the header fields of a file that a page of another origin embeds: pictures inline, everything else as a
    /// download. Whether a file is a picture is determined by its bytes. A format that may contain scripts, such as
    /// SVG, can be embedded by a page but is never opened inline.
    ///
    /// - Parameters:
    ///   - type: the media type that the tool server reports.
    ///   - pictureType: the type of a picture format that cannot contain scripts; `nil` for any other file.
    static func linkHeaders(of name: String, type: String, pictureType: String?) -> [HTTPHeader] {
        let own = [
            HTTPHeader("Cross-Origin-Resource-Policy", "cross-origin"), HTTPHeader("Referrer-Policy", "no-referrer"),
        ]
        if let pictureType {
            return own + [
                HTTPHeader("Content-Type", pictureType), HTTPHeader("Content-Disposition", disposition(name, "inline")),
                HTTPHeader("Content-Security-Policy", contentPolicy),
            ]
        }
        let plain = type.lowercased()
        let isActive = ["html", "xml", "script", "pdf"].contains { plain.contains($0) } && plain != "image/svg+xml"
        return own + headers(of: name, type: isActive ? "application/octet-stream" : type)
    }

    private static let contentPolicy = "default-src 'none'; sandbox"

    /// RFC 6266: an ASCII name that any client can read, and the full one for clients that support the encoding of RFC
    /// 8187.
    static func disposition(_ name: String, _ kind: String = "attachment") -> String {
        let plain = String(
            name.unicodeScalars.map { scalar in
                let isSafe =
                    scalar.isASCII && scalar.value >= 0x20 && scalar.value != 0x7F
                    && !"\"\\/%".unicodeScalars.contains(scalar)
                return isSafe ? Character(scalar) : "_"
            })
        return "\(kind); filename=\"\(plain)\"; filename*=UTF-8''\(encoded(name))"
    }

    /// Percent-encodes everything except letters, digits and `-._~`.
    static func encoded(_ name: String) -> String {
        let digits = Array("0123456789ABCDEF")
        return name.utf8.reduce(into: "") { text, byte in
            let isPlain =
                (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte | 0x20) || "-._~".utf8.contains(byte)
            if isPlain {
                text.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                text += "%\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
            }
        }
    }

    /// Returns a media type as it can be sent: that of any bytes unless it is valid.
    static func mediaType(_ type: String) -> String { isMediaType(type) ? type : "application/octet-stream" }

    /// Whether this is a type, a subtype, and parameters in plain ASCII.
    private static func isMediaType(_ type: String) -> Bool {
        let words = type.prefix { $0 != ";" }.split(separator: "/", omittingEmptySubsequences: false)
        let isPlain = type.utf8.allSatisfy { (0x20...0x7E).contains($0) && $0 != 0x2C }
        let areTokens = words.allSatisfy { word in
            !word.isEmpty
                && word.utf8.allSatisfy { ($0 | 0x20) &- 0x61 < 26 || $0 &- 0x30 < 10 || "-+._".utf8.contains($0) }
        }
        return words.count == 2 && isPlain && areTokens && type.utf8.count <= 127
    }
}

extension ArtifactFile {
    /// See ``Swift/Array/pictureType``.
    var pictureType: String? { bytes.pictureType }
}

extension [UInt8] {
    /// The media type, determined by the bytes, of a picture format that cannot contain scripts; `nil` for any other
    /// file.
    var pictureType: String? {
        let reader = ByteReader(self)
        if reader.has(PNG.signature, at: 0) { return "image/png" }
        if reader.has([0xFF, 0xD8, 0xFF], at: 0) { return "image/jpeg" }
        if reader.has("GIF87a", at: 0) || reader.has("GIF89a", at: 0) { return "image/gif" }
        return reader.has("RIFF", at: 0) && reader.has("WEBP", at: 8) ? "image/webp" : nil
    }
}

extension ArtifactInfo {
    private static let pictureTypes: Set<String> = ["image/png", "image/jpeg", "image/gif", "image/webp"]

    /// The type of such a picture according to the list. The file's bytes may differ; they count once it is opened.
    var pictureType: String? { Self.pictureTypes.contains(mediaType) ? mediaType : nil }
}
