/// How a server does.
struct ToolServerHealth: Sendable, Equatable {
    enum State: Sendable, Equatable {
        case running, starting
        /// Not started, or ended: the next request starts it.
        case stopped
        /// It cannot be started; with the reason.
        case failed(String)
    }

    let name: String
    let state: State
}
