/// Where the page's conversations are kept.
enum SessionsOption: Sendable, Equatable {
    /// In the user's state directory.
    case usual
    case directory(String)
    case memory

    /// Returns the directory; `nil` for memory.
    func path(environment: [String: String]) -> String? {
        switch self {
        case .directory(let path): path
        case .memory: nil
        case .usual: StatePath.of("conversations", environment: environment)
        }
    }
}
