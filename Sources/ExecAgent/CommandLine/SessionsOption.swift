/// Where the page's conversations are kept.
enum SessionsOption: Sendable, Equatable {
    /// In the user's state directory.
    case usual
    case directory(String)
    case memory

    /// Returns the directory; `nil` for memory.
    func path(environment: [String: String]) -> String? {
        switch self {
        case .directory(let path): return path
        case .memory: return nil
        case .usual:
            // The XDG Base Directory Specification requires relative paths to be ignored.
            if let state = environment["XDG_STATE_HOME"], state.hasPrefix("/") {
                return "\(state)/exec-agent/conversations"
            }
            guard let home = environment["HOME"], home.hasPrefix("/") else { return nil }
            return "\(home)/.local/state/exec-agent/conversations"
        }
    }
}
