/// A server's state, for health reports.
public struct ToolServerHealth: Sendable, Equatable {
    /// Whether it can be used.
    public enum State: Sendable, Equatable {
        case running, starting
        /// Not started, or ended: the next request starts it.
        case stopped
        /// It can't be started; with the reason.
        case failed(String)
    }

    /// The server's name.
    public let name: String
    /// Whether it can be used.
    public let state: State

    /// Whether another server starts it, for code that calls it; ``state`` is what that one last said.
    public let isBridged: Bool

    /// The state of the server of this name.
    public init(name: String, state: State, isBridged: Bool = false) {
        self.name = name
        self.state = state
        self.isBridged = isBridged
    }
}
