/// Determines the MIME type of a file.
public enum MediaType {
    /// The type of files about which nothing is known.
    public static let unknown = "application/octet-stream"

    private static let byExtension: [String: String] = [
        // Text
        "c": "text/x-c", "cpp": "text/x-c++", "css": "text/css", "csv": "text/csv", "htm": "text/html",
        "html": "text/html", "ini": "text/plain", "java": "text/x-java", "js": "text/javascript", "log": "text/plain",
        "markdown": "text/markdown", "md": "text/markdown", "mjs": "text/javascript", "py": "text/x-python",
        "r": "text/x-r", "rst": "text/x-rst", "rtf": "application/rtf", "sh": "application/x-sh",
        "sql": "application/sql", "swift": "text/x-swift", "tex": "application/x-tex",
        "toml": "application/toml", "ts": "text/typescript", "tsv": "text/tab-separated-values", "txt": "text/plain",
        // Data
        "avro": "application/avro", "bib": "application/x-bibtex", "db": "application/vnd.sqlite3",
        "feather": "application/vnd.apache.arrow.file", "geojson": "application/geo+json", "h5": "application/x-hdf5",
        "hdf5": "application/x-hdf5", "ipynb": "application/x-ipynb+json", "json": "application/json",
        "jsonl": "application/jsonl", "ndjson": "application/x-ndjson", "npy": "application/x-npy",
        "npz": "application/x-npz", "parquet": "application/vnd.apache.parquet", "pickle": "application/x-pickle",
        "pkl": "application/x-pickle", "sqlite": "application/vnd.sqlite3", "xml": "application/xml",
        "yaml": "application/yaml", "yml": "application/yaml",
        // Documents
        "doc": "application/msword", "docx": officeDocument + "wordprocessingml.document",
        "epub": "application/epub+zip", "odp": openDocument + "presentation",
        "ods": openDocument + "spreadsheet", "odt": openDocument + "text", "pdf": "application/pdf",
        "pptx": officeDocument + "presentationml.presentation", "ps": "application/postscript",
        "xls": "application/vnd.ms-excel", "xlsx": officeDocument + "spreadsheetml.sheet",
        // Pictures, audio, video
        "avif": "image/avif", "bmp": "image/bmp", "flac": "audio/flac", "gif": "image/gif", "ico": "image/x-icon",
        "jpeg": "image/jpeg", "jpg": "image/jpeg", "m4a": "audio/mp4", "mkv": "video/x-matroska",
        "mov": "video/quicktime",
        "mp3": "audio/mpeg", "mp4": "video/mp4", "ogg": "audio/ogg", "png": "image/png", "svg": "image/svg+xml",
        "tif": "image/tiff", "tiff": "image/tiff", "wav": "audio/wav", "webm": "video/webm", "webp": "image/webp",
        // Archives and fonts
        "7z": "application/x-7z-compressed", "bz2": "application/x-bzip2", "gz": "application/gzip",
        "jar": "application/java-archive", "tar": "application/x-tar", "tgz": "application/gzip",
        "ttf": "font/ttf", "whl": "application/zip", "woff2": "font/woff2", "xz": "application/x-xz",
        "zip": "application/zip", "zst": "application/zstd",
    ]

    private static let officeDocument = "application/vnd.openxmlformats-officedocument."
    private static let openDocument = "application/vnd.oasis.opendocument."

    /// Extensions of formats that are ZIP archives inside: for these the name says more than the content.
    private static let zipBased: Set<String> = ["docx", "epub", "jar", "npz", "odp", "ods", "odt", "pptx", "xlsx"]

    /// The type that a file's name implies; `application/octet-stream` if it implies none.
    public static func ofFile(named name: String) -> String {
        fileExtension(of: name).flatMap { byExtension[$0] } ?? unknown
    }

    /// The type of a file by its content and name: the type that the first bytes prove; otherwise the type that the
    /// name implies, unless the first bytes would have to show it; otherwise `text/plain` for UTF-8 text, or
    /// `application/octet-stream`.
    public static func of(_ content: [UInt8], named name: String) -> String {
        if let certain = signature(of: content) {
            guard certain == "application/zip", let suffix = fileExtension(of: name), zipBased.contains(suffix) else {
                return certain
            }
        }
        let promised = ofFile(named: name)
        guard promised == unknown || shown.contains(promised) else { return promised }
        let isText = !content.contains(0) && String(validating: content, as: UTF8.self) != nil
        return isText ? "text/plain" : unknown
    }

    /// The types whose files always start with a known signature.
    private static let shown: Set<String> = [
        "image/png", "image/jpeg", "image/gif", "image/webp", "application/pdf", "application/gzip",
    ]

    private static func signature(of content: [UInt8]) -> String? {
        if content.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) { return "image/png" }
        if content.starts(with: [0xFF, 0xD8, 0xFF]) { return "image/jpeg" }
        if content.starts(with: "GIF87a".utf8) || content.starts(with: "GIF89a".utf8) { return "image/gif" }
        if content.starts(with: "RIFF".utf8), content.dropFirst(8).starts(with: "WEBP".utf8) { return "image/webp" }
        if content.starts(with: "%PDF-".utf8) { return "application/pdf" }
        // The second signature is that of an empty archive.
        if content.starts(with: [0x50, 0x4B, 3, 4]) || content.starts(with: [0x50, 0x4B, 5, 6]) {
            return "application/zip"
        }
        if content.starts(with: [0x1F, 0x8B, 8]) { return "application/gzip" }
        return nil
    }

    private static func fileExtension(of name: String) -> String? {
        name.lastIndex(of: ".").map { name[name.index(after: $0)...].lowercased() }
    }
}
