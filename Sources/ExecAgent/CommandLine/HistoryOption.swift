/// Where the input history of conversations is stored.
enum HistoryOption: Sendable, Equatable {
    /// In the user's state directory.
    case usual
    case file(String)
    case off

    /// Returns the history file; `nil` for none.
    func file(environment: [String: String]) -> HistoryFile? {
        switch self {
        case .usual: HistoryFile(environment: environment)
        case .file(let path): HistoryFile(path: path)
        case .off: nil
        }
    }
}
