import Diagnostics
import ExecCore
import JSON
import Threading

/// Guards the connections of one sandbox, once its user's session has read private data and text of strangers: then a
/// person decides about each host, and connections that are open end.
///
/// A program does not wait for a person as long as a tool call does: it waits a while, then the connection is refused,
/// and the answer counts for the next one.
final class SessionEgressGate: EgressGate {
    private enum Answer: Sendable {
        /// A person is being asked, for a command.
        case open(UInt32)
        /// It was refused, for a command; with a sentence on how.
        case denied(UInt32, String)
        /// Nobody could be asked; with the reason.
        case unavailable(String)
        case allowed
    }

    private struct State {
        /// The connections that are open, or about to be, by number.
        var connections: [Int: (host: String, end: @Sendable () -> Void)] = [:]
        var lastConnection = 0
        var answers: [String: Answer] = [:]
    }

    /// How long a connection waits for a person, in seconds.
    static let waitingSeconds = 20.0
    /// How long a person may take for an answer, in seconds.
    static let answerSeconds = 600.0

    private let sources: SessionSources
    private let waitingSeconds: Double
    private let answerSeconds: Double
    private let person: @Sendable () -> (command: UInt32, questions: CommandQuestions)?
    private let state = ConditionLocked(State())
    private let listener = Locked<Int?>(nil)

    /// - Parameters:
    ///   - sources: what the user's session has read.
    ///   - waitingSeconds: how long a connection waits for a person.
    ///   - answerSeconds: how long a person may take.
    ///   - person: returns a running command that has somebody to ask; `nil` if none.
    init(
        _ sources: SessionSources, waitingSeconds: Double = waitingSeconds, answerSeconds: Double = answerSeconds,
        person: @escaping @Sendable () -> (command: UInt32, questions: CommandQuestions)?
    ) {
        self.sources = sources
        self.waitingSeconds = waitingSeconds
        self.answerSeconds = answerSeconds
        self.person = person
        let number = sources.addListener { [weak self] in self?.endConnections() }
        listener.withLock { $0 = number }
    }

    deinit {
        if let number = listener.withLock({ $0 }) { sources.removeListener(number) }
    }

    func admit(_ host: String, end: @escaping @Sendable () -> Void) -> EgressAdmission {
        // In this order: what is read from now on ends it.
        let number = state.change { state in
            state.lastConnection += 1
            state.connections[state.lastConnection] = (host, end)
            return state.lastConnection
        }
        guard sources.isGuarded, let refusal = refusal(of: host) else { return .admitted(number) }
        connectionEnded(number)
        return .refused(refusal)
    }

    func connectionEnded(_ number: Int) {
        state.change { $0.connections[number] = nil }
    }

    /// A command is over, and its questions are withdrawn: nobody waits for their answers.
    func commandEnded(_ command: UInt32) {
        state.change { state in
            state.answers = state.answers.filter { _, answer in
                if case .open(command) = answer { false } else { true }
            }
        }
    }

    private func endConnections() {
        let ended = state.withLock { state in
            state.connections.values.filter { connection in
                if case .allowed = state.answers[connection.host] { false } else { true }
            }
        }
        for connection in ended { connection.end() }
    }

    // MARK: - The question

    /// Why a host can't be reached; `nil` if a person allows it.
    private func refusal(of host: String) -> String? {
        let start = "\(host.singleLine(limit: 200)): \(sources.reason), so a person decides whether data may leave"
        guard let (command, questions) = person() else {
            if isAllowed(host) { return nil }
            return "\(start), and nobody can be asked: no command runs whose client can ask."
        }
        ask(questions, about: host, for: command)
        let answer = state.wait(seconds: waitingSeconds) { state -> Answer?? in
            if case .open = state.answers[host] { nil } else { .some(state.answers[host]) }
        }
        switch answer {
        case .some(.allowed): return nil
        case .some(.denied(_, let how)): return "\(start). \(how)"
        case .some(.unavailable(let reason)):
            return "\(start), and nobody can be asked: \(reason.singleLine(limit: 300))"
        case .some(nil): return "\(start). Nobody has answered."
        case .some(.open), nil: return "\(start). The question is still open: try again once it is answered."
        }
    }

    private func isAllowed(_ host: String) -> Bool {
        state.withLock { state in
            if case .allowed = state.answers[host] { true } else { false }
        }
    }

    /// Asks, unless that was done: a denial counts for the command that it was given for.
    private func ask(_ questions: CommandQuestions, about host: String, for command: UInt32) {
        let isNew = state.change { state in
            switch state.answers[host] {
            case .denied(let other, _) where other != command: break
            case .unavailable, nil: break
            default: return false
            }
            state.answers[host] = .open(command)
            return true
        }
        guard isNew else { return }
        // Ends with the command at the latest.
        Task { [weak self, sources, answerSeconds] in
            let question = EgressQuestion(host: host, sources: sources)
            let answer = await questions.answer(to: question, within: answerSeconds)
            self?.state.change { state in
                guard case .open(command) = state.answers[host] else { return }
                switch answer {
                case .once, .session, .always: state.answers[host] = .allowed
                case .denied(let how): state.answers[host] = .denied(command, how)
                case .unavailable(let reason), .failed(let reason): state.answers[host] = .unavailable(reason)
                }
            }
        }
    }
}
