/// A sink for the progress that a tool reports.
struct Progress: Sendable {
    /// Receives a line; `nil` if nothing receives progress, so that the tool needn't determine it.
    let report: (@Sendable (String) -> Void)?

    /// Discards all progress.
    static let unheard = Progress(report: nil)
}
