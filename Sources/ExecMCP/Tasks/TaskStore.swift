import ExecCore
import JSON
import JSONRPC
import MCP
import Threading

/// The calls that continue after their request was answered (`io.modelcontextprotocol/tasks`). They live as long as the
/// server.
final class TaskStore: Sendable {
    /// The maximum number of tasks in progress.
    static let maxWorking = 256
    /// The maximum total size of the results of ended tasks, in bytes; the oldest are removed to make room.
    static let maxResultBytes = 64 * 1024 * 1024
    /// The maximum number of tasks kept, including ended ones.
    static let maxCount = 10_000

    private struct Record {
        let user: UserID
        let number: Int
        /// Wall-clock time, in seconds.
        let createdAt = Timestamp.now
        let start = ContinuousClock.now
        var lastUpdate = ContinuousClock.now
        var status = TaskStatus.working
        var statusMessage: String?
        var work: Task<Void, Never>?
        /// The questions of the call; `nil` if it can't ask.
        var questions: OpenQuestions?
        var resultBytes = 0

        /// Computed from the creation time, so that it can't be earlier if the clock was set back.
        var lastUpdatedAt: Int { createdAt + Int(start.duration(to: lastUpdate).components.seconds) }
    }

    private struct State {
        var nextNumber = 0
        var records: [String: Record] = [:]
        var resultBytes = 0
    }

    private let state = Locked(State())
    private let publish: @Sendable (Change) -> Void

    /// - Parameter publish: receives each new state.
    init(publish: @escaping @Sendable (Change) -> Void) {
        self.publish = publish
    }

    /// Starts a task.
    ///
    /// - Parameters:
    ///   - id: the ID of the task, from ``makeID()``.
    ///   - questions: what the call asks; `nil` if it can't.
    ///   - work: the work of the task; its result is the result of the call.
    /// - Returns: the state that answers the call.
    /// - Throws: -32603 if too many tasks are in progress.
    func start(
        for user: UserID, id: String = makeID(), asking questions: OpenQuestions? = nil,
        _ work: @escaping @Sendable (Progress) async -> Result<JSONObject, RPCError>
    ) throws(RPCError) -> JSONObject {
        questions?.observe { [weak self] in self?.noteQuestions(of: id) }
        return try state.withLock { (state) throws(RPCError) in
            guard state.records.values.count(where: { $0.status == .working }) < Self.maxWorking else {
                throw .internalError("\(Self.maxWorking) tasks are running; wait for one or cancel one.")
            }
            var record = Record(user: user, number: state.nextNumber)
            state.nextNumber += 1
            record.questions = questions
            record.work = Task { [self] in
                let outcome = await work(Progress { self.note($0, on: id) })
                finish(id, outcome)
            }
            state.records[id] = record
            Self.trim(&state)
            return Self.json(id, record)
        }
    }

    /// Returns the state of a task with its result or error; `nil` if the user has no task with that ID.
    func state(of id: String, user: UserID) -> JSONObject? {
        state.withLock { state in
            guard let record = state.records[id], record.user == user else { return nil }
            return Self.json(id, record)
        }
    }

    /// Starts to cancel a task; does nothing if it has ended.
    ///
    /// - Returns: whether the task exists.
    func cancel(_ id: String, user: UserID) -> Bool {
        let (exists, record, ended) = state.withLock { state -> (Bool, Record?, JSONObject?) in
            guard let record = state.records[id], record.user == user else { return (false, nil, nil) }
            guard record.status == .working else { return (true, nil, nil) }
            state.records[id]?.status = .cancelled
            state.records[id]?.statusMessage = "Cancelled by the client."
            state.records[id]?.lastUpdate = .now
            state.records[id]?.work = nil
            state.records[id]?.questions = nil
            return (true, record, state.records[id].map { Self.json(id, $0) })
        }
        record?.work?.cancel()
        // Nobody can see them any more.
        record?.questions?.close(.cancel)
        if let ended { notify(user, id, ended) }
        return exists
    }

    /// Hands the client's responses to the task that has asked for them; does nothing if it has ended.
    func receive(_ responses: JSONObject, for id: String, user: UserID) {
        let questions = state.withLock { state -> OpenQuestions? in
            guard let record = state.records[id], record.user == user, record.status == .working else { return nil }
            return record.questions
        }
        questions?.receive(responses)
    }

    /// Publishes the state of a task whose questions have changed.
    private func noteQuestions(of id: String) {
        let changed = state.withLock { state -> (UserID, JSONObject)? in
            guard let record = state.records[id], record.status == .working else { return nil }
            state.records[id]?.lastUpdate = .now
            return state.records[id].map { (record.user, Self.json(id, $0)) }
        }
        if let (user, json) = changed { notify(user, id, json) }
    }

    private func note(_ line: String, on id: String) {
        state.withLock { state in
            guard state.records[id]?.status == .working else { return }
            state.records[id]?.statusMessage = line
            state.records[id]?.lastUpdate = .now
        }
    }

    private func finish(_ id: String, _ outcome: Result<JSONObject, RPCError>) {
        let ended = state.withLock { state -> (Record, JSONObject)? in
            // A cancelled task stays cancelled, whatever the outcome of its work.
            guard let record = state.records[id], record.status == .working else { return nil }
            let status = TaskStatus(outcome)
            let bytes = status.byteCount
            state.records[id]?.status = status
            state.records[id]?.statusMessage = nil
            state.records[id]?.lastUpdate = .now
            state.records[id]?.work = nil
            state.records[id]?.questions = nil
            state.records[id]?.resultBytes = bytes
            state.resultBytes += bytes
            Self.trim(&state)
            return state.records[id].map { (record, Self.json(id, $0)) }
        }
        guard let (record, json) = ended else { return }
        record.questions?.close()
        notify(record.user, id, json)
    }

    private func notify(_ user: UserID, _ id: String, _ json: JSONObject) {
        publish(.task(user, id: id, state: json))
    }

    /// Removes the oldest ended tasks until the limits are met, but always keeps the last of them.
    private static func trim(_ state: inout State) {
        while state.resultBytes > maxResultBytes || state.records.count > maxCount {
            let ended = state.records.filter { $0.value.status != .working }
            guard let oldest = ended.min(by: { $0.value.number < $1.value.number }), ended.count > 1 else { return }
            state.resultBytes -= oldest.value.resultBytes
            state.records[oldest.key] = nil
        }
    }

    /// Returns a random ID that can't be guessed.
    static func makeID() -> String {
        var generator = SystemRandomNumberGenerator()
        return (0..<2).map { _ in
            let digits = String(generator.next() as UInt64, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
    }

    private static func json(_ id: String, _ record: Record) -> JSONObject {
        let requests = record.questions?.inputRequests ?? JSONObject()
        var object: JSONObject = [
            "taskId": .string(id), "status": .string(requests.isEmpty ? record.status.name : "input_required"),
        ]
        object["statusMessage"] = record.statusMessage.map(JSON.string)
        object["createdAt"] = .string(Timestamp.text(secondsSince1970: record.createdAt))
        object["lastUpdatedAt"] = .string(Timestamp.text(secondsSince1970: record.lastUpdatedAt))
        object["ttlMs"] = .null
        if record.status == .working {
            object["pollIntervalMs"] = .integer(pollInterval(age: record.start.duration(to: .now)))
        }
        if !requests.isEmpty { object["inputRequests"] = .object(requests) }
        switch record.status {
        case .completed(let result): object["result"] = .object(result)
        case .failed(let error): object["error"] = error.json
        case .working, .cancelled: break
        }
        return object
    }

    /// Returns a poll interval in milliseconds that grows with the age of the task.
    private static func pollInterval(age: Duration) -> Int {
        switch age {
        case ..<(.seconds(2)): 100
        case ..<(.seconds(30)): 1000
        default: 5000
        }
    }
}

/// The status of a task.
enum TaskStatus: Sendable, Equatable {
    case working
    case completed(JSONObject)
    case failed(RPCError)
    case cancelled

    init(_ outcome: Result<JSONObject, RPCError>) {
        switch outcome {
        case .success(let result): self = .completed(result)
        case .failure(let error): self = .failed(error)
        }
    }

    var name: String {
        switch self {
        case .working: "working"
        case .completed: "completed"
        case .failed: "failed"
        case .cancelled: "cancelled"
        }
    }

    var byteCount: Int {
        switch self {
        case .completed(let result): JSON.object(result).serialized().count
        case .working, .failed, .cancelled: 0
        }
    }
}
