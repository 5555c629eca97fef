import JSON
import JSONRPC
import MCP
import Threading

// Sessions of legacy revisions, and what servers send in them unasked.
extension HTTPTransport {
    private static let maxSessionBytes = 4096
    private static let sessionHeader = "mcp-session-id"
    private static let renewalSeconds = 30.0
    private static let lists = ["tools", "prompts", "resources"]
    /// Refusals of a stream that are not for good: of a session that has ended, which the next request begins anew,
    /// and of too much at once.
    private static let passingRefusals: Set<Int> = [404, 408, 429]

    /// Takes the session that the response to `initialize` begins.
    func beginSession(_ head: HTTPAnswerHead) {
        guard head.isSuccess else { return }
        let session = head.headers[Self.sessionHeader]
        // Visible ASCII (2025-11-25, basic/transports).
        let isValid = session.map { session in
            !session.isEmpty && session.utf8.count <= Self.maxSessionBytes
                && session.utf8.allSatisfy { 0x21...0x7E ~= $0 }
        }
        state.withLock { $0.session = isValid == true ? session : nil }
    }

    /// Begins a new session in place of one that the server no longer knows (2025-11-25, basic/transports); once for
    /// all requests that find out.
    ///
    /// - Returns: whether there is a new one.
    func renewSession(_ lost: String, _ receiver: any MessageReceiver) async -> Bool {
        let renewal = state.withLock { state -> Task<Bool, Never>? in
            guard state.session == lost, !state.isClosed, let request = state.initialize else { return nil }
            if let renewal = state.renewal { return renewal }
            let renewal = Task.detached { [self] in
                let isDone = await initializeAgain(request, receiver)
                self.state.withLock { $0.renewal = nil }
                return isDone
            }
            state.renewal = renewal
            return renewal
        }
        if let renewal { return await renewal.value }
        return state.withLock { !$0.isClosed && $0.session != lost }
    }

    private func initializeAgain(_ first: Request, _ receiver: any MessageReceiver) async -> Bool {
        // Not among the numbers of the other requests.
        let request = Request(id: .string("initialize"), method: first.method, params: first.params)
        let messages = Locked<[[UInt8]]>([])
        let answer = await exchange(
            "POST", body: request.json.serialized(), session: .some(nil), maxSeconds: Self.renewalSeconds,
            onEvent: { message in messages.withLock { $0.append(message) } }
        ).answer
        let isAccepted = (messages.withLock { $0 } + [answer.content]).contains { message in
            guard let value = try? JSON.parse(message, .lenient, valueLimit: limits.lineValues) else { return false }
            return value["id"]?.stringValue == "initialize" && value["result"]?.objectValue != nil
        }
        guard isAccepted, let head = answer.head, !Task.isCancelled else { return false }
        beginSession(head)
        _ = await post(Notification(method: Self.initialized))
        // The server may be another version by now.
        reportChanges(to: receiver)
        return true
    }

    /// Opens the stream on which a server reports changes of its lists, if it says that it does.
    func startListening(_ receiver: any MessageReceiver) {
        state.withLock { state in
            guard let server = state.server, !server.revision.isModern, state.session != nil, !state.isClosed,
                Self.lists.contains(where: server.announcesChanges)
            else { return }
            _ = start(&state) { [self] in await listen(receiver) }
        }
    }

    private func listen(_ receiver: any MessageReceiver) async {
        var delay = ReopeningDelay(limits.reopeningSeconds)
        var isFirst = true
        while !Task.isCancelled {
            let start = ContinuousClock.now
            let isOther = Locked(false)
            let isReopened = !isFirst
            let answer = await exchange(
                "GET", isOver: { isOther.withLock { $0 } },
                onHead: { [self] head in
                    isOther.withLock { $0 = head.isSuccess && !head.isEventStream }
                    // Changes made while there was no stream were not reported.
                    if isReopened, head.isEventStream { reportChanges(to: receiver) }
                }, onEvent: { receiver.receive(.complete($0), of: nil) }
            ).answer
            isFirst = false
            // Most servers have no such stream, and some answer with something else.
            if isOther.withLock({ $0 }) { return }
            if let status = answer.head?.status, 400...499 ~= status, !Self.passingRefusals.contains(status) { return }
            let seconds = delay.next(
                after: ContinuousClock.now - start, wanted: answer.retryMilliseconds.map { .milliseconds($0) })
            guard (try? await Task.sleep(for: seconds)) != nil else { return }
        }
    }

    private func reportChanges(to receiver: any MessageReceiver) {
        for list in Self.lists {
            let notification = Notification(method: "notifications/\(list)/list_changed")
            receiver.receive(.complete(notification.json.serialized()), of: nil)
        }
    }
}
