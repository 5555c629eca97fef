import Diagnostics
import ExecCore

/// A sandbox that is started to be checked, and then removed. It runs for a trial user, so that no server's sandbox and
/// no user's files are touched. Only a workspace that is a directory of this machine is the real one.
struct DoctorSandbox: Sendable {
    /// Why containers are not looked for.
    static let reasonBehindLauncher = "the engine behind a launcher can't be asked from here"
    /// How long an engine may take to start a container whose image it has, in seconds.
    private static let startSeconds = 20.0
    private static let probeSeconds = 20.0
    private static let endSeconds = 10.0
    private static let endSecondsElsewhere = 30.0
    private static let rounds = 20
    /// The time budget for the latency rounds, in seconds; when it is used up, no more rounds are run.
    private static let roundsSeconds = 5.0
    /// The command latency above which the finding is a warning, in seconds.
    private static let slowCommand = 0.05
    private static let slowStart = 5.0

    let options: Options
    let engine: any ContainerEngine
    let variables: [String: String]
    private let user = UserID.trial()
    private let pool: SandboxPool

    init(options: Options, engine: any ContainerEngine, variables: [String: String]) {
        var options = options
        // The volumes of the trial's user could not be removed.
        if engine.isLaunched, options.configuration.workspace == .persistent {
            options.configuration.workspace = .ephemeral
        }
        self.options = options
        self.engine = engine
        self.variables = variables
        var configuration = options.configuration
        if case .directory(let path, _) = configuration.workspace {
            configuration.workspace = .directory(path: path, user: user)
        }
        // The server's own limits on calls are meant for its clients.
        var limits = Limits()
        limits.artifactMebibytes = options.limits.artifactMebibytes
        limits.startTimeout = options.limits.startTimeout
        pool = SandboxPool(
            configuration: configuration, limits: limits, logger: Logger(program: "exec-mcp", level: .error) { _ in }
        ) { [engine] () throws(ExecError) in engine }
    }

    /// Returns the findings of the trial. A check that couldn't be made has no finding.
    func findings() async -> [Finding] {
        let findings = await inside()
        let hadSandbox = findings.contains { $0.check == .sandbox && $0.status != .failed }
        // Not a child task: after an interruption, the sandbox still has to be removed.
        let end = await Task.detached {
            let finding = await self.end(hadSandbox: hadSandbox)
            await engine.removeVolumes(of: user, in: options.configuration)
            return finding
        }.value
        return findings + (end.map { [$0] } ?? [])
    }

    /// The time limit for a start that was set, or that this engine needs, in seconds; otherwise 0. It has to expire
    /// before the check's own limit, because its error says more.
    private var patience: Double {
        guard !engine.fetchesImages else { return Double(options.kubernetes.startTimeout) }
        return Double(engine.isLaunched ? engine.startTimeout(options.limits) : options.limits.startTimeout ?? 0)
    }

    private var endSeconds: Double { engine.isLocal ? Self.endSeconds : Self.endSecondsElsewhere }

    private func inside() async -> [Finding] {
        let start = ContinuousClock.now
        do {
            _ = try await run("true", seconds: Self.startSeconds, startSeconds: patience)
        } catch is DeadlineError {
            return [
                .failed(
                    .sandbox, "the engine did not start one within \(Int(Self.startSeconds + patience)) seconds",
                    "The engine is overloaded or hung: restart it.")
            ]
        } catch {
            return [.failed(.sandbox, error)]
        }
        let seconds = start.duration(to: .now) / .seconds(1)
        do {
            guard let facts = SandboxFacts(output: try await probe()) else {
                return [
                    .failed(
                        .sandbox, "it did not report its state",
                        "The image's python3 is broken or older than 3.9. Rebuild it: exec-mcp image --force.")
                ]
            }
            let hints = engine.hints(for: options.engine)
            let inside = InsideChecks(options: options, facts: facts, hints: hints).findings
            let latency = try await latency()
            return [sandbox(facts, startSeconds: seconds)] + inside + unreadable(facts) + [latency]
        } catch {
            return [.failed(.sandbox, "it started, but does not answer: \(error)", "Restart the engine.")]
        }
    }

    /// - Parameter startSeconds: how much longer the sandbox may take to start first.
    private func run(_ command: String, seconds: Double, startSeconds: Double = 0) async throws -> CommandResult {
        try await withDeadline(seconds: startSeconds + seconds) { [pool, user] in
            try await pool.withSandbox(of: user) { try await $0.execute(command, timeout: seconds) }
        }
    }

    /// Runs the probe inside and returns its output.
    private func probe() async throws -> String {
        try await withDeadline(seconds: Self.probeSeconds) { [pool, user] in
            try await pool.withSandbox(of: user) { sandbox in
                _ = try await sandbox.write(SandboxFacts.probe, to: "/tmp/exec-mcp-doctor.py")
                return try await sandbox.execute(
                    "exec python3 -I /tmp/exec-mcp-doctor.py", timeout: Self.probeSeconds
                ).standardOutput
            }
        }
    }

    private func sandbox(_ facts: SandboxFacts, startSeconds: Double) -> Finding {
        let isMissing = options.configuration.python == .instant && !facts.hasLauncher
        let mode: SandboxConfiguration.Python = isMissing ? .plain : options.configuration.python
        let python = "\(facts.python) (\(mode))"
        let text = "first command after \(Quantity.duration(startSeconds)); Python \(python), bash \(facts.bash)"
        guard !isMissing else {
            return .warning(
                .sandbox, text,
                "This image can't start Python with its imports done (--python instant). Build ours: exec-mcp image.")
        }
        return startSeconds < Self.slowStart
            ? .passed(.sandbox, text)
            : .warning(
                .sandbox, text,
                engine.isLaunched
                    ? "Did it wait in the launcher's queue? Otherwise the engine there is slow to start containers."
                    : "The engine is slow to start containers: is the machine busy, or its disk?")
    }

    /// Returns a failure for each directory with a file that the sandbox's user should be able to read but can't.
    private func unreadable(_ facts: SandboxFacts) -> [Finding] {
        [(Check.skills, facts.unreadableSkill), (.tools, facts.unreadableTool)].compactMap { check, path in
            path.map {
                .failed(
                    check, "the sandbox's user cannot read \($0)",
                    "Make them readable for everybody: chmod -R go+rX DIRECTORY.")
            }
        }
    }

    private func latency() async throws -> Finding {
        var times: [Double] = []
        while times.count < Self.rounds, times.reduce(0, +) < Self.roundsSeconds {
            let start = ContinuousClock.now
            _ = try await run("true", seconds: Self.probeSeconds)
            times.append(start.duration(to: .now) / .seconds(1))
        }
        let median = times.sorted()[times.count / 2]
        let bare = await HostShell.medianTime(rounds: Self.rounds, environment: variables)
        let comparison = bare.map { "; a bare bash on this machine \(Quantity.duration($0))" } ?? ""
        let text = "\(Quantity.duration(median)) for a command\(comparison)"
        return median < Self.slowCommand
            ? .passed(.latency, text)
            : .warning(.latency, text, "Is the machine busy, or the engine far away?")
    }

    /// Ends the sandbox and waits until its container is gone.
    private func end(hadSandbox: Bool) async -> Finding? {
        let start = ContinuousClock.now
        _ = try? await withDeadline(seconds: endSeconds) { [pool] in await pool.close(grace: 3) }
        guard hadSandbox else { return nil }
        guard !engine.isLaunched else { return .notChecked(.end, because: Self.reasonBehindLauncher) }
        do {
            while try await engine.containerCount(of: user) > 0 {
                guard start.duration(to: .now) < .seconds(endSeconds) else {
                    let listing = engine.hints(for: options.engine).listContainers
                    return .failed(
                        .end, "the container is still there \(Int(endSeconds)) seconds after its end",
                        "Restart the engine, and look at `\(listing)`.")
                }
                try await Task.sleep(for: .milliseconds(20))
            }
        } catch {
            return .failed(.end, error)
        }
        return .passed(.end, "the container is gone after \(Quantity.duration(start.duration(to: .now) / .seconds(1)))")
    }
}
