import Diagnostics
import ExecCore

/// A run of `exec-mcp image`: builds, checks and publishes the image.
struct ImageMaker: Sendable {
    /// The maximum time for the check inside the sandbox, in seconds.
    private static let checkTimeout = 300.0

    private let arguments: ImageArguments
    private let environment: BuildEnvironment
    private let recipe: ImageRecipe
    /// The name of the image.
    let tag: String

    init(arguments: ImageArguments) {
        self.arguments = arguments
        environment = BuildEnvironment(variables: Environment.variables)
        recipe = ImageRecipe(
            base: arguments.base, variant: arguments.variant, added: arguments.added,
            certificates: environment.certificates)
        tag = arguments.tag(for: recipe)
    }

    /// Makes the image and reports progress on standard error.
    ///
    /// - Throws: ``ExecError`` with the problem and its remedy; `CancellationError`.
    func run() async throws {
        let engine = try EngineLocator(environment: Environment.variables).engine(named: arguments.engine)
        if try await isThere(engine) { return }

        let builder = ImageBuilder(engine: engine, recipe: recipe)
        // Not a child task: after an interruption, the leftovers still have to be removed.
        let clear: @Sendable () async -> Void = { await Task.detached { await builder.removeLeftovers() }.value }
        do {
            try await step("build \(tag) on \(recipe.base ?? ImageRecipe.defaultBase)") {
                try await builder.build(
                    for: tag, isFresh: arguments.isForced, environment: environment
                ) { Self.printLine("    \($0)") }
            }
            try await step("check \(tag)") { try await check(builder.candidate, engine) }
            try await builder.publish(as: tag)
        } catch {
            await clear()
            throw Task.isCancelled ? CancellationError() : error
        }
        await clear()
        Self.printLine("\(tag) is ready")
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
            Self.printLine("\(tag) is up to date")
        case .foreign:
            Self.printLine("\(tag) exists and was not built here: left as it is (--force replaces it)")
        case .outdated:
            return false
        }
        return true
    }

    private func step(_ name: String, _ work: () async throws -> Void) async throws {
        Self.printLine("==> \(name)")
        let start = ContinuousClock.now
        try await work()
        Self.printLine("    done in \(start.duration(to: .now).components.seconds) s")
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
            await engine.removeVolumes(of: user, in: configuration)
        }.value

        let result = try outcome.get()
        for line in (result.standardOutput + result.standardError).lines where !line.isEmpty {
            Self.printLine("    \(line.singleLine(limit: 500))")
        }
        guard result.exitCode == 0 else {
            throw ExecError(.engineFailed, "The new image does not work; an older one of that name stays in place.")
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
