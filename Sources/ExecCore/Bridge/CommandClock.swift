import ChildProcess
import Threading

/// Stops and continues the timeout of one command in the guest. Changes that come faster than they can be sent are
/// merged, and the last one always arrives.
final class CommandClock: Sendable {
    /// What the timeout does, as in the payload of a `clock` frame.
    private enum Level: UInt8 {
        case running = 0
        case held = 1
        case suspended = 2
    }

    private struct State {
        var isHeld = false
        var isSuspended = false
        /// What the guest was told last.
        var levelInGuest = Level.running
        var isSending = false

        var level: Level { isSuspended ? .suspended : isHeld ? .held : .running }
    }

    private let command: UInt32
    private let send: @Sendable (Frame) async -> Void
    private let state = Locked(State())

    /// - Parameter send: sends a frame to the guest; it is lost if the sandbox is gone.
    init(of command: UInt32, send: @escaping @Sendable (Frame) async -> Void) {
        self.command = command
        self.send = send
    }

    /// Holds or continues the timeout, up to the maximum timeout. Returns at once.
    func hold(_ isHeld: Bool) {
        change { $0.isHeld = isHeld }
    }

    /// Suspends or continues the timeout while a person is asked. Returns at once.
    func suspend(_ isSuspended: Bool) {
        change { $0.isSuspended = isSuspended }
    }

    private func change(_ body: (inout State) -> Void) {
        let isIdle = state.withLock { state in
            body(&state)
            guard !state.isSending, state.levelInGuest != state.level else { return false }
            state.isSending = true
            return true
        }
        if isIdle { Task { await sendChanges() } }
    }

    private func sendChanges() async {
        while let level = nextChange() {
            await send(Frame(.clock, call: command, payload: [level.rawValue]))
        }
    }

    private func nextChange() -> Level? {
        state.withLock { state in
            guard state.level != state.levelInGuest else {
                state.isSending = false
                return nil
            }
            state.levelInGuest = state.level
            return state.level
        }
    }
}
