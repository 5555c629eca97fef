import Diagnostics
import ExecCore

/// A sandbox that is started to be looked at, and removed again. Its user is nobody's, so that neither a server's sandbox
/// nor anybody's files are touched; only a workspace that is a directory of this machine is the real one.
struct DoctorSandbox: Sendable {
    private static let startSeconds = 20.0
    private static let probeSeconds = 20.0
    private static let endSeconds = 10.0
    private static let rounds = 20
    /// After so many seconds fewer rounds must do.
    private static let roundsSeconds = 5.0
    /// What a command may take before it is worth a word, in seconds.
    private static let slowCommand = 0.05
    private static let slowStart = 5.0

    let options: Options
    let engine: any ContainerEngine
    let variables: [String: String]
    private let user = UserID.trial()
    private let pool: SandboxPool

    init(options: Options, engine: any ContainerEngine, variables: [String: String]) {
        self.options = options
        self.engine = engine
        self.variables = variables
        var configuration = options.configuration
        if case .directory(let path, _) = configuration.workspace {
            configuration.workspace = .directory(path: path, user: user)
        }
        // The server's own bounds on calls are for its clients.
        var limits = Limits()
        limits.artifactMebibytes = options.limits.artifactMebibytes
        pool = SandboxPool(
            configuration: configuration, limits: limits, logger: Logger(program: "exec-mcp", level: .error) { _ in }
        ) { [engine] () throws(ExecError) in engine }
    }

    /// What the trial showed. A check that could not be made has no finding.
    func findings() async -> [Finding] {
        let findings = await inside()
        let hadSandbox = findings.contains { $0.check == .sandbox && $0.status != .failed }
        // Not a child task: whoever breaks the trial off still wants it cleared away.
        let end = await Task.detached {
            let finding = await self.end(hadSandbox: hadSandbox)
            await engine.removeVolumes(of: user, in: options.configuration)
            return finding
        }.value
        return findings + (end.map { [$0] } ?? [])
    }

    private func inside() async -> [Finding] {
        let began = ContinuousClock.now
        do {
            _ = try await run("true", seconds: Self.startSeconds)
        } catch is DeadlineError {
            return [
                .failed(
                    .sandbox, "the engine did not start one within \(Int(Self.startSeconds)) seconds",
                    "The engine is overloaded or hung: restart it.")
            ]
        } catch {
            return [.failed(.sandbox, error)]
        }
        let start = began.duration(to: .now) / .seconds(1)
        do {
            guard let facts = SandboxFacts(output: try await probe()) else {
                return [
                    .failed(
                        .sandbox, "it gives no account of itself",
                        "The image's python3 is broken or older than 3.9. Build it anew: exec-mcp image --force.")
                ]
            }
            let hints = engine.hints(for: options.engine)
            let inside = InsideChecks(options: options, facts: facts, hints: hints).findings
            let latency = try await latency()
            return [sandbox(facts, start: start)] + inside + unreadable(facts) + [latency]
        } catch {
            return [.failed(.sandbox, "it started, but does not answer: \(error)", "Restart the engine.")]
        }
    }

    private func run(_ command: String, seconds: Double) async throws -> CommandResult {
        try await withDeadline(seconds: seconds) { [pool, user] in
            try await pool.withSandbox(of: user) { try await $0.execute(command, timeout: seconds) }
        }
    }

    /// Lets the probe run inside, and gives what it printed.
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

    private func sandbox(_ facts: SandboxFacts, start: Double) -> Finding {
        let text = "first command after \(Quantity.duration(start)); Python \(facts.python), bash \(facts.bash)"
        return start < Self.slowStart
            ? .passed(.sandbox, text)
            : .warning(.sandbox, text, "The engine is slow to start containers: is the machine busy, or its disk?")
    }

    /// What the sandbox's user may not read, though it is meant to.
    private func unreadable(_ facts: SandboxFacts) -> [Finding] {
        [(Check.skills, facts.unreadableSkill), (.tools, facts.unreadableTool)].compactMap { check, path in
            path.map {
                .failed(
                    check, "the sandbox's user may not read \($0)",
                    "Let everybody read them: chmod -R go+rX DIRECTORY.")
            }
        }
    }

    private func latency() async throws -> Finding {
        var times: [Double] = []
        while times.count < Self.rounds, times.reduce(0, +) < Self.roundsSeconds {
            let began = ContinuousClock.now
            _ = try await run("true", seconds: Self.probeSeconds)
            times.append(began.duration(to: .now) / .seconds(1))
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
        let began = ContinuousClock.now
        _ = try? await withDeadline(seconds: Self.endSeconds) { [pool] in await pool.close(grace: 3) }
        guard hadSandbox else { return nil }
        do {
            while try await engine.containerCount(of: user) > 0 {
                guard began.duration(to: .now) < .seconds(Self.endSeconds) else {
                    let listing = engine.hints(for: options.engine).listContainers
                    return .failed(
                        .end, "the container is still there \(Int(Self.endSeconds)) seconds after its end",
                        "Restart the engine, and look at `\(listing)`.")
                }
                try await Task.sleep(for: .milliseconds(20))
            }
        } catch {
            return .failed(.end, error)
        }
        return .passed(.end, "the container is gone after \(Quantity.duration(began.duration(to: .now) / .seconds(1)))")
    }
}
