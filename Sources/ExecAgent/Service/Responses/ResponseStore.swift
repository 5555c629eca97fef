import JSON
import OpenAI
import Telemetry
import Threading

/// The responses of all users that later requests can name: the stored ones, and those that are being worked on in the
/// background. In memory; the stored ones are limited in number, bytes and age.
final class ResponseStore: Sendable {
    private let stored: BoundedStore<LiveResponse>
    private let running = Locked(Running())
    private let maxRunning: Int
    private let maxRunningPerUser: Int
    /// Whether responses are kept after their end.
    let keepsResponses: Bool

    /// The responses that are being worked on in the background.
    private struct Running {
        var runs: [String: (response: LiveResponse, work: Task<Void, Never>)] = [:]
        /// Whether no more are started.
        var isClosed = false
    }

    /// - Parameters:
    ///   - seconds: how long an unused response is kept; 0 to keep none.
    ///   - maxCount: maximum number of stored responses; half of them may be one user's.
    ///   - maxBytes: their maximum total size, likewise.
    ///   - maxRunning: maximum number of responses that are worked on in the background.
    ///   - maxRunningPerUser: that of one user's.
    init(seconds: Double, maxCount: Int, maxBytes: Int, maxRunning: Int, maxRunningPerUser: Int) {
        stored = BoundedStore(
            seconds: seconds, maxCount: maxCount, maxBytes: maxBytes, ownerLimits: (maxCount / 2, maxBytes / 2))
        keepsResponses = seconds > 0
        self.maxRunning = maxRunning
        self.maxRunningPerUser = maxRunningPerUser
    }

    /// Returns a response; `nil` if the user owns nothing with this id.
    ///
    /// - Parameter user: `nil` if the request names none: then the id, which nobody can guess, is enough.
    func response(_ id: String, of user: String?) -> LiveResponse? {
        let found = running.withLock { $0.runs[id]?.response } ?? stored.value(id, isUse: true)
        return found.flatMap { user == nil || $0.user == user ? $0 : nil }
    }

    /// Returns an item of the output of a response; `nil` if the user owns nothing with this id.
    func item(_ id: String, of user: String?) -> JSONObject? {
        let parts = id.split(separator: "_")
        guard parts.count == 3 else { return nil }
        return response("resp_\(parts[1])", of: user)?.item(id)
    }

    /// Keeps a response for later requests.
    func keep(_ response: LiveResponse) {
        stored.keep(response, bytes: response.byteCount, as: response.name, of: response.user)
    }

    /// Forgets a response.
    func remove(_ id: String) { stored.remove(id) }

    /// Ends what is worked on in the background for a user, and forgets their stored responses.
    ///
    /// - Returns: whether there was one.
    func end(_ user: String) async -> Bool {
        let current = running.withLock { $0.runs.values.filter { $0.response.user == user } }.map(\.work)
        for work in current { work.cancel() }
        // Whatever its end, it is stored then.
        for work in current { await work.value }
        return !stored.remove { _, response in response.user == user }.isEmpty || !current.isEmpty
    }

    // MARK: - In the background

    /// Works on a response until it is done or cancelled, also when no client waits.
    ///
    /// - Parameter work: ends the response.
    /// - Throws: ``APIRequestError`` if too many are being worked on.
    func start(
        _ response: LiveResponse, _ work: @escaping @Sendable () async -> Void
    ) throws(APIRequestError) {
        let isAdmitted = running.withLock { running in
            guard !running.isClosed, running.runs.count < maxRunning,
                running.runs.values.count(where: { $0.response.user == response.user }) < maxRunningPerUser
            else { return false }
            // Its end waits for the lock, so that it never comes before this.
            let task = Task.detached { [self, trace = TraceContext.current] in
                await TraceContext.$current.withValue(trace) { await work() }
                self.running.withLock { $0.runs[response.name] = nil }
            }
            running.runs[response.name] = (response, task)
            return true
        }
        guard isAdmitted else {
            throw APIRequestError(
                429, "Too many responses are being worked on in the background. Try again when some are done.",
                type: "rate_limit_error", code: "too_many_runs", retryAfter: 5)
        }
    }

    /// Cancels work on a response, and waits until it has ended.
    func cancel(_ id: String) async {
        let work = running.withLock { $0.runs[id]?.work }
        work?.cancel()
        await work?.value
    }

    /// Cancels all work, waits until it has ended, and starts no more.
    func close() async {
        let all = running.withLock { running in
            running.isClosed = true
            return running.runs.values.map(\.work)
        }
        for work in all { work.cancel() }
        for work in all { await work.value }
    }
}
