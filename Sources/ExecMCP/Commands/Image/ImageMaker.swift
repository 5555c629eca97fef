import Diagnostics
import ExecCore

/// Builds, checks and publishes the image.
struct ImageMaker: Sendable {
    /// The maximum time for the check inside the sandbox, in seconds.
    private static let checkTimeout = 300.0
    /// How long the sandbox of the check may take to end.
    private static let endPatience = Duration.seconds(60)

    private let arguments: ImageArguments
    private let environment: BuildEnvironment
    private let recipe: ImageRecipe
    private let onPhase: @Sendable (ImageNews.Phase) -> Void
    private let onLine: @Sendable (String) -> Void
    /// The name of the image.
    let tag: String

    /// - Parameters:
    ///   - onPhase: called when a phase of the work begins.
    ///   - onLine: receives lines for the person who waits.
    init(
        arguments: ImageArguments, onPhase: @escaping @Sendable (ImageNews.Phase) -> Void = { _ in },
        onLine: @escaping @Sendable (String) -> Void = ImageMaker.printLine
    ) {
        self.arguments = arguments
        self.onPhase = onPhase
        self.onLine = onLine
        environment = BuildEnvironment(variables: Environment.variables)
        recipe = ImageRecipe(
            base: arguments.base, variant: arguments.variant, added: arguments.added,
            certificates: environment.certificates)
        tag = arguments.tag(for: recipe)
    }

    /// Makes the image unless it is there.
    ///
    /// - Throws: ``ExecError`` with the problem and its remedy; `CancellationError`.
    func run() async throws {
        let engine = try EngineLocator(environment: Environment.variables, location: arguments.engineLocation)
            .imageBuilder(named: arguments.engine)
        if try await isThere(engine) { return }
        try await ImageLock(image: tag, engine: engine.name).locked {
            begin(.waiting, "wait: another process makes \(tag)")
        } _: {
            // It may have been made meanwhile.
            if try await !isThere(engine) { try await make(with: engine) }
        }
    }

    /// Makes the image. Nothing else may be making it.
    ///
    /// - Throws: ``ExecError`` with the problem and its remedy; `CancellationError`.
    func make(with engine: any ImageBuildingEngine) async throws {
        let builder = ImageBuilder(engine: engine, recipe: recipe)
        // Not a child task: after an interruption, the leftovers still have to be removed.
        let clear: @Sendable () async -> Void = { await Task.detached { await builder.removeLeftovers() }.value }
        do {
            try await step(.building, "build \(tag) on \(recipe.base ?? ImageRecipe.defaultBase)") {
                try await builder.build(
                    for: tag, isFresh: arguments.isForced, environment: environment
                ) { [onLine] in onLine("    \($0)") }
            }
            try await step(.checking, "check \(tag)") { try await check(builder.candidate, engine) }
            try await builder.publish(as: tag)
        } catch {
            await clear()
            throw Task.isCancelled ? CancellationError() : error
        }
        await clear()
        onLine("\(tag) is ready")
    }

    /// Prints a line for the person who waits.
    static func printLine(_ line: String) {
        Logger.writeToStandardError(line + "\n")
    }

    /// Whether there is nothing to build; if so, prints the reason.
    private func isThere(_ engine: any ContainerEngine) async throws -> Bool {
        let image: ImageDescription
        do {
            image = try await engine.image(tag)
        } catch {
            guard error.code == .imageMissing else { throw error }
            return false
        }
        guard !arguments.isForced else { return false }
        switch recipe.state(of: image, tag: tag) {
        case .current:
            onLine("\(tag) is up to date")
        case .foreign:
            onLine("\(tag) exists and was not built here: left as it is (--force replaces it)")
        case .outdated:
            return false
        }
        return true
    }

    private func begin(_ phase: ImageNews.Phase, _ name: String) {
        onPhase(phase)
        onLine("==> \(name)")
    }

    private func step(_ phase: ImageNews.Phase, _ name: String, _ work: () async throws -> Void) async throws {
        begin(phase, name)
        let start = ContinuousClock.now
        try await work()
        onLine("    done in \(start.duration(to: .now).components.seconds) s")
    }

    /// Runs the check in a sandbox of the image, as confined as any other, with fresh volumes as the image initializes
    /// them.
    private func check(_ image: String, _ engine: any ContainerEngine) async throws {
        let user = UserID.trial()
        var configuration = SandboxConfiguration()
        configuration.image = image
        let pool = SandboxPool(
            configuration: configuration, limits: Limits(), logger: Logger(program: "exec-mcp", level: .error)
        ) { () throws(ExecError) in engine }
        let outcome = await outcome(of: pool, user)
        await Task.detached {
            await pool.close(grace: 3)
            await Self.awaitEnd(of: user, engine)
            await engine.removeVolumes(of: user, in: configuration)
        }.value

        let result = try outcome.get()
        let lines = (result.standardOutput + result.standardError).lines.filter { !$0.isEmpty }
        for line in lines { onLine("    \(line.singleLine(limit: 500))") }
        guard result.exitCode == 0 else {
            let cause =
                result.timedOut
                ? "It was not done after \(Int(Self.checkTimeout)) seconds."
                : "The last line of its output: \((lines.last ?? "none").singleLine(limit: 300))"
            throw ExecError(
                .engineFailed,
                """
                The new image does not work; an older one of that name stays in place. The check of it failed. \(cause)
                """)
        }
    }

    /// Waits until the sandbox of the check is gone: until then the engine removes neither its volumes nor its image.
    private static func awaitEnd(of user: UserID, _ engine: any ContainerEngine) async {
        let start = ContinuousClock.now
        while start.duration(to: .now) < endPatience, let count = try? await engine.containerCount(of: user), count > 0
        {
            try? await Task.sleep(for: .milliseconds(100))
        }
    }

    private func outcome(of pool: SandboxPool, _ user: UserID) async -> Result<CommandResult, any Error> {
        do {
            return .success(
                try await pool.withSandbox(of: user) { sandbox in
                    _ = try await sandbox.write(ImageRecipe.check, to: "/tmp/check.py")
                    _ = try await sandbox.write(recipe.requirements, to: "/tmp/requirements.txt")
                    return try await sandbox.execute(
                        "exec python3 /tmp/check.py \"$(cat /tmp/requirements.txt)\" \(recipe.variant.rawValue)",
                        timeout: Self.checkTimeout)
                })
        } catch {
            return .failure(error)
        }
    }
}
