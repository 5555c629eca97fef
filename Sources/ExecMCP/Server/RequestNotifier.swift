import ExecCore
import JSONRPC

/// A handle through which work on a request sends notifications to the client.
struct RequestNotifier: Sendable {
    /// The ID of the request.
    let id: RequestID
    /// Where results for the client have to find room.
    let room: AnswerRoom
    private let send: @Sendable (Notification) -> Void

    /// - Parameter send: writes a notification, unless the request has been answered or cancelled.
    init(id: RequestID, room: AnswerRoom = AnswerRoom {}, send: @escaping @Sendable (Notification) -> Void) {
        self.id = id
        self.room = room
        self.send = send
    }

    /// Sends a notification. Sends nothing after the answer or a cancellation (2026-07-28, basic/patterns/progress and
    /// cancellation), or while the client has a large backlog to read.
    func notify(_ notification: Notification) { send(notification) }
}
