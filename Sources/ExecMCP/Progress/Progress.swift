/// Where a tool says how far it is; whoever wants to know hears it.
struct Progress: Sendable {
    /// Takes a line; `nil` where nobody wants to know, so that nothing need be found out.
    let report: (@Sendable (String) -> Void)?

    /// Nobody wants to know.
    static let unheard = Progress(report: nil)
}
