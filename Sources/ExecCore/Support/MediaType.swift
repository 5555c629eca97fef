/// The type of a file, as MIME has it.
public enum MediaType {
    private static let byExtension: [String: String] = [
        "csv": "text/csv", "css": "text/css", "gif": "image/gif", "htm": "text/html", "html": "text/html",
        "jpeg": "image/jpeg", "jpg": "image/jpeg", "json": "application/json", "jsonl": "application/jsonl",
        "log": "text/plain", "md": "text/markdown", "pdf": "application/pdf", "png": "image/png",
        "py": "text/x-python", "svg": "image/svg+xml", "tex": "application/x-tex",
        "tsv": "text/tab-separated-values", "txt": "text/plain", "webp": "image/webp", "xml": "application/xml",
        "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "yaml": "application/yaml",
        "yml": "application/yaml", "zip": "application/zip",
    ]

    /// The type that a file's name promises; `application/octet-stream` where it promises none.
    public static func ofFile(named name: String) -> String {
        guard let dot = name.lastIndex(of: ".") else { return "application/octet-stream" }
        return byExtension[name[name.index(after: dot)...].lowercased()] ?? "application/octet-stream"
    }
}
