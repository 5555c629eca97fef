import ExecCore
import SystemCalls

/// Paths of this machine, as people and hosts write them in options.
enum HostPath {
    private static let fileScheme = "file://"

    /// Expands `text` into a path: `~` and `~/…` start at the home directory, and a `file:` URL becomes its path.
    /// Returns anything else unchanged.
    static func expanded(_ text: String) -> String {
        if text == "~" || text.hasPrefix("~/") { return Environment.home + text.dropFirst() }
        guard text.hasPrefix(fileScheme) else { return text }
        let path = text.dropFirst(fileScheme.count).drop { $0 != "/" }
        let host = text.dropFirst(fileScheme.count).prefix { $0 != "/" }
        guard host.isEmpty || host == "localhost", !path.isEmpty else { return text }
        return PercentEncoding.decode(path: path) ?? text
    }

    /// Returns the real path of a directory; `nil` if it doesn't exist.
    static func directory(_ text: String) -> String? {
        guard !text.isEmpty, let resolved = Files.realPath(expanded(text)), Files.isDirectory(resolved) else {
            return nil
        }
        return resolved
    }

    /// Splits a list of paths separated by `:`.
    static func list(_ text: String) -> [String] {
        var paths: [String] = []
        for part in text.split(separator: ":") {
            // The colon of a URL doesn't separate paths.
            if paths.last == "file", part.hasPrefix("//") {
                paths[paths.count - 1] += ":" + part
            } else {
                paths.append(String(part))
            }
        }
        return paths
    }

    /// Returns the reason why ``directory(_:)`` finds no directory, as a clause; `nil` if it finds one, or if `text` is
    /// empty.
    static func objection(to text: String) -> String? {
        guard !text.isEmpty, directory(text) == nil else { return nil }
        let path = expanded(text)
        if Files.realPath(path) != nil { return "this is not a directory" }
        let reason = errno
        guard reason == ENOENT || reason == ENOTDIR else { return String(cString: strerror(reason)) }
        if path.hasPrefix("$") { return "no such directory; variables are not expanded here" }
        // Names the working directory: hosts start servers anywhere, so the relative path alone would explain little.
        let place = path.hasPrefix("/") ? nil : Files.realPath(".")
        return "no such directory" + (place.map { " in \($0)" } ?? "")
    }
}
