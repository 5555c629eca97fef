/// Where what is typed in a conversation is kept.
enum HistoryOption: Sendable, Equatable {
    /// Below the directory for the state of programs.
    case usual
    case file(String)
    case off

    /// The file; `nil` for none.
    func file(environment: [String: String]) -> HistoryFile? {
        switch self {
        case .usual: HistoryFile(environment: environment)
        case .file(let path): HistoryFile(path: path)
        case .off: nil
        }
    }
}
