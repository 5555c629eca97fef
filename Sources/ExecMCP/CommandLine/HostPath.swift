import ExecCore
import SystemCalls

/// Paths of this machine, as people and hosts write them into options.
enum HostPath {
    private static let fileScheme = "file://"

    /// The path that `text` means: `~` and `~/…` begin at the home directory, and a `file:` URL is the path in it. All
    /// else is a path already.
    static func expanded(_ text: String) -> String {
        if text == "~" || text.hasPrefix("~/") { return Environment.home + text.dropFirst() }
        guard text.hasPrefix(fileScheme) else { return text }
        let path = text.dropFirst(fileScheme.count).drop { $0 != "/" }
        let host = text.dropFirst(fileScheme.count).prefix { $0 != "/" }
        guard host.isEmpty || host == "localhost", !path.isEmpty else { return text }
        return PercentEncoding.decode(path: path) ?? text
    }

    /// The real path of a directory; `nil` where there is none.
    static func directory(_ text: String) -> String? {
        guard !text.isEmpty, let resolved = Files.realPath(expanded(text)), Files.isDirectory(resolved) else {
            return nil
        }
        return resolved
    }

    /// The paths of a list with `:` between them.
    static func list(_ text: String) -> [String] {
        var paths: [String] = []
        for part in text.split(separator: ":") {
            // The colon of a URL is none of the list's.
            if paths.last == "file", part.hasPrefix("//") {
                paths[paths.count - 1] += ":" + part
            } else {
                paths.append(String(part))
            }
        }
        return paths
    }

    /// Why ``directory(_:)`` finds none, as a clause; `nil` where it does, or where nothing is named.
    static func objection(to text: String) -> String? {
        guard !text.isEmpty, directory(text) == nil else { return nil }
        let path = expanded(text)
        if Files.realPath(path) != nil { return "this is no directory" }
        let reason = errno
        guard reason == ENOENT || reason == ENOTDIR else { return String(cString: strerror(reason)) }
        if path.hasPrefix("$") { return "there is no such directory; variables are not expanded here" }
        // Hosts start servers anywhere, and then it says little that a relative path leads nowhere.
        let place = path.hasPrefix("/") ? nil : Files.realPath(".")
        return "there is no such directory" + (place.map { " in \($0)" } ?? "")
    }
}
