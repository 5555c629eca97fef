import ChildProcess
public import Diagnostics
import SystemCalls
import Threading

/// Gets the image of the sandboxes when the engine turns out not to have it.
///
/// Another process of this program does the work, once, in the background. Its standard input is its lifeline: when
/// that closes, because this process says so or is gone, it ends the engine's work and removes what that has left.
public actor ImageProvision {
    /// The first argument that makes the program get an image. The engine's name, where it runs, and the image's name
    /// follow. Internal; not meant for users.
    public static let word = "provide-image"

    /// How long to wait, in seconds, and when to try again.
    struct Patience: Sendable {
        /// For a call that shows its progress to the client, which keeps the client waiting.
        var observed = 600.0
        /// For any other call. Hosts give up after 60 seconds.
        var unobserved = 30.0
        /// After a failure, until a call tries again.
        var afterFailure = Duration.seconds(ImageLock.failureSeconds)
    }

    private enum State {
        case idle
        case working(Work)
        case failed(String, since: ContinuousClock.Instant)
        case closed
    }

    /// The process and what it has told.
    private final class Work: Sendable {
        private struct Knowledge {
            var progress = ImageProgress()
            var observers: [Int: @Sendable (String) -> Void] = [:]
            var nextObserver = 0
            /// Why there is no image; `nil` as long as it works, and if it has succeeded.
            var failure: String?
        }

        let child: ChildProcess
        let ended = AsyncEvent()
        private let start = ContinuousClock.now
        private let knowledge = Locked(Knowledge())

        init(_ child: ChildProcess) {
            self.child = child
        }

        var summary: String { knowledge.withLock { $0.progress.summary } }
        var seconds: Int64 { start.duration(to: .now).components.seconds }
        var failure: String? { knowledge.withLock { $0.failure } }

        func add(_ news: ImageNews) {
            let (summary, observers) = knowledge.withLock { knowledge in
                let isNew = knowledge.progress.add(news)
                return (knowledge.progress.summary, isNew ? Array(knowledge.observers.values) : [])
            }
            for observer in observers { observer(summary) }
        }

        func addObserver(_ observer: @escaping @Sendable (String) -> Void) -> Int {
            knowledge.withLock { knowledge in
                knowledge.nextObserver += 1
                knowledge.observers[knowledge.nextObserver] = observer
                return knowledge.nextObserver
            }
        }

        func removeObserver(_ number: Int) {
            knowledge.withLock { _ = $0.observers.removeValue(forKey: number) }
        }

        /// Records how the process ended.
        func end(_ status: ExitStatus) {
            knowledge.withLock { knowledge in
                guard status != .exited(0) else { return }
                knowledge.failure = knowledge.progress.failure ?? "The process that does it has ended (\(status))."
            }
        }
    }

    private static let closedError = ExecError(.busy, "The server is shutting down.")

    private let image: String
    /// The program that gets the image, with its arguments.
    let command: Command
    private let patience: Patience
    private let logger: Logger
    private var state = State.idle

    /// Creates the provision of an image; `nil` if only a person can provide it.
    ///
    /// - Parameters:
    ///   - image: its name.
    ///   - engine: the engine's name, as the user gave it.
    ///   - location: where the engine runs, if the user has said so.
    public init?(image: String, engine: String, location: EngineLocation, logger: Logger) {
        guard ImageSource(of: image) != nil, let program = Executables.ownFile else { return nil }
        let command = Command(executable: program, arguments: [Self.word, engine, location.rawValue, image])
        self.init(image: image, command: command, logger: logger)
    }

    init(image: String, command: Command, patience: Patience = Patience(), logger: Logger) {
        self.image = image
        self.command = command
        self.patience = patience
        self.logger = logger
    }

    /// Runs `start`, which starts a sandbox. If the engine lacks the image, gets it and runs `start` again.
    ///
    /// - Parameters:
    ///   - provision: gets the image; `nil` to fail instead.
    ///   - onProgress: receives what happens; `nil` if nobody sees it.
    /// - Throws: what `start` throws, and ``ExecError`` if there is no image yet or it can't be had.
    static func providing<Value: Sendable>(
        _ provision: ImageProvision?, onProgress: (@Sendable (String) -> Void)?, _ start: () async throws -> Value
    ) async throws -> Value {
        do {
            return try await start()
        } catch let error as ExecError where error.code == .imageMissing {
            guard let provision else { throw error }
            try await provision.provide(onProgress: onProgress)
        }
        return try await start()
    }

    /// Starts to get the image in the background if `error` says that the engine lacks it.
    func begin(after error: any Error) {
        guard (error as? ExecError)?.code == .imageMissing else { return }
        _ = try? currentWork()
    }

    /// Ends the work. Its process removes what it has left, and may outlive this one for a moment.
    public func close() {
        guard case .working(let work) = state else { return state = .closed }
        state = .closed
        work.child.input.close()
        // Calls needn't wait until its process has tidied up.
        work.ended.complete()
    }

    private func provide(onProgress: (@Sendable (String) -> Void)?) async throws {
        let work = try currentWork()
        let observer = onProgress.map { report in
            let sentence = { @Sendable [image] (summary: String) in
                report("The sandbox image \(image) \(summary); this happens once")
            }
            sentence(work.summary)
            return work.addObserver(sentence)
        }
        defer { if let observer { work.removeObserver(observer) } }
        let seconds = onProgress == nil ? patience.unobserved : patience.observed
        let end: Void? = try await withTimeLimit({
            try await Task.sleep(for: .seconds(seconds))
            return true
        }) {
            try await work.ended.waitUnlessCancelled()
        }
        guard end != nil else {
            throw ExecError(
                .imageMissing,
                """
                Nothing was run yet. The sandbox image \(image) was not on this machine and \(work.summary), for \
                \(work.seconds) seconds so far. That happens once and takes some minutes. Make the same call again in \
                a minute.
                """)
        }
        if case .closed = state { throw Self.closedError }
        if let failure = work.failure { throw explanation(of: failure) }
    }

    /// The work in progress. Starts it first unless it is running.
    private func currentWork() throws(ExecError) -> Work {
        switch state {
        case .working(let work): return work
        case .closed: throw Self.closedError
        case .failed(let failure, let time):
            guard time.duration(to: .now) >= patience.afterFailure else { throw explanation(of: failure) }
        case .idle: break
        }
        do {
            let work = try start()
            state = .working(work)
            logger.info("the image \(image) is not on this machine: getting it in the background")
            return work
        } catch {
            throw explanation(of: "\(error)")
        }
    }

    private func start() throws -> Work {
        let child = try ChildProcess(starting: command)
        let work = Work(child)
        let lines = LineBuffer(lineLimit: ImageNews.lineLimit) { line in
            if let news = ImageNews(line: line) { work.add(news) }
        }
        let errors = LineBuffer { [logger] line in logger.debug("\(Self.word): \(line)") }
        try child.read(endsWithProgram: true) {
            lines.add($0)
        } onErrorOutput: {
            errors.add($0)
        } onEnd: { end in
            lines.finish()
            errors.finish()
            work.end(end.status)
            Task { await self.settle(work) }
        }
        return work
    }

    private func settle(_ work: Work) {
        if case .working(let current) = state, current === work {
            if let failure = work.failure {
                logger.warning("the image \(image) could not be provided: \(failure)")
                state = .failed(failure, since: .now)
            } else {
                logger.info("the image \(image) is there, after \(work.seconds) s")
                state = .idle
            }
        }
        work.ended.complete()
    }

    private func explanation(of failure: String) -> ExecError {
        let remedy =
            ImageSource(of: image) == .registry
            ? "Then pull it in a terminal with the engine's own command"
            : "Then build it in a terminal, where you see the whole output, with `exec-mcp image`"
        return ExecError(
            .imageMissing,
            """
            The sandbox image \(image) is not on this machine, and getting it failed. \(failure) Correct that. \
            \(remedy), or call again \(patience.afterFailure.components.seconds / 60) minutes after the failure, which \
            tries it once more.
            """)
    }
}
