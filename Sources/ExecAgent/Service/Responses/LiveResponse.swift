import JSON
import OpenAI
import Threading

/// A response with everything that later requests need of it.
final class LiveResponse: Sendable {
    /// Whose run it is; see ``UserName``.
    let user: String
    /// The items that the client sent, without the bytes of files.
    let input: [JSON]
    /// The events; `nil` unless it is worked on in the background.
    let log: RunLog?

    private struct State {
        var assembly: ResponseAssembly
        /// What was said up to its end.
        var conversation: [ChatMessage] = []
    }

    private let id: String
    private let state: Locked<State>

    init(_ head: ResponseEnvelope, user: String, input: [JSON], isBackground: Bool) {
        self.user = user
        self.input = input
        id = head.id
        log = isBackground ? RunLog(now: nil) : nil
        state = Locked(State(assembly: ResponseAssembly(head)))
    }

    /// Its id.
    var name: String { id }
    var json: JSON { state.withLock { $0.assembly.json } }
    var status: ResponseStatus { state.withLock { $0.assembly.status } }
    var conversation: [ChatMessage] { state.withLock { $0.conversation } }

    /// Returns an item of its output; `nil` if the id is unknown.
    func item(_ id: String) -> JSONObject? { state.withLock { $0.assembly.item(id) } }

    /// The approximate size in memory.
    var byteCount: Int {
        let (json, conversation) = state.withLock { ($0.assembly.json, $0.conversation) }
        let events = log.map { $0.entries.reduce(0) { $0 + JSON.object($1.event).serialized().count } } ?? 0
        return json.serialized().count + JSON.array(input).serialized().count + conversation.byteCount + events
    }

    /// Keeps what was said, for a response that continues this one.
    func keep(_ conversation: [ChatMessage]) { state.withLock { $0.conversation = conversation } }

    /// Changes its state.
    ///
    /// - Returns: the events of the change.
    @discardableResult
    func update(_ change: (inout ResponseAssembly) -> [JSONObject]) -> [JSONObject] {
        state.withLock { state in
            let events = change(&state.assembly)
            // In the lock, so that no later event comes before them.
            for (place, event) in events.enumerated() {
                log?.add(event, isLast: state.assembly.status.isFinal && place == events.count - 1)
            }
            return events
        }
    }

    /// Ends it because of an error.
    ///
    /// - Returns: the events.
    @discardableResult
    func fail(_ failure: APIRequestError) -> [JSONObject] { update { $0.fail(failure.responseError, usage: .unknown) } }
}

extension APIRequestError {
    /// The error in a response. Its codes are a closed list.
    fileprivate var responseError: JSON {
        let code =
            switch status {
            case 429: "rate_limit_exceeded"
            case 400..<500: "invalid_prompt"
            default: "server_error"
            }
        var object: JSONObject = ["code": .string(code), "message": .string(error.message)]
        object["type"] = .string(error.code ?? error.type ?? "api_error")
        object["param"] = error.param.map(JSON.string) ?? .null
        return .object(object)
    }
}
