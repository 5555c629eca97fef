/// Where this program keeps what outlasts it.
enum StatePath {
    /// Returns the path of a file or directory in the user's state directory; `nil` without a home directory.
    static func of(_ name: String, environment: [String: String]) -> String? {
        // The XDG Base Directory Specification requires relative paths to be ignored.
        if let state = environment["XDG_STATE_HOME"], state.hasPrefix("/") { return "\(state)/exec-agent/\(name)" }
        guard let home = environment["HOME"], home.hasPrefix("/") else { return nil }
        return "\(home)/.local/state/exec-agent/\(name)"
    }
}
