import ChildProcess
import Diagnostics
import Foundation
import TestSupport
import Testing

@testable import ExecCore

/// The machine's engine.
enum RealEngine {
    /// The image of the sandboxes.
    static let image =
        ProcessInfo.processInfo.environment["MCP_EXECUTOR_IMAGE"].flatMap { $0.isEmpty ? nil : $0 }
        ?? SandboxConfiguration().image

    /// The command line of the engine.
    static let locate: @Sendable () throws(ExecError) -> DockerCLI = { () throws(ExecError) in
        let locator = DockerLocator(environment: ProcessInfo.processInfo.environment)
        let name = ProcessInfo.processInfo.environment["MCP_EXECUTOR_ENGINE"] ?? "docker"
        return DockerCLI(program: try locator.locate(name), environment: locator.engineEnvironment)
    }

    /// Fails a test where there is no engine or no image: what these tests show can be shown in no other way.
    static func require() async throws {
        ignoreBrokenPipes()
        let found = try await run("image", "inspect", "--format", "{{.Id}}", image)
        try #require(
            found.succeeded,
            "These tests need a container engine and the image \(image); `make image` readies both. \(found.errorText)")
    }

    /// Runs one command of the engine's command line.
    @discardableResult
    static func run(_ arguments: String...) async throws -> CommandOutput {
        let engine = try locate()
        return try await Command(
            executable: engine.program, arguments: arguments, environment: engine.environment
        ).run(timeout: 60)
    }

    /// The ids of the containers of `user`, running or not.
    static func containers(of user: UserID) async throws -> [String] {
        let listed = try await run("ps", "--all", "--quiet", "--filter", "label=\(Owner.userLabel)=\(user)")
        return listed.text.split(separator: "\n").map(String.init)
    }

    /// Changes the mode of the directory that holds a user's artifacts, which only the host's root can.
    static func setMode(_ mode: String, ofArtifactsOf user: UserID) async throws {
        let volume = "mcp-executor-\(user)-artifacts:/artifacts"
        let changed = try await run(
            "run", "--rm", "--user", "0", "--volume", volume, "--entrypoint", "chmod", image, mode,
            "/artifacts")
        guard changed.succeeded else { throw ExecError(.engineFailed, "chmod in a volume: \(changed.status)") }
    }

    /// Removes the persistent workspace of a test's user.
    static func removeVolumes(of user: UserID) async {
        // The engine may still be about to let go of them.
        let listed = try? await run("volume", "ls", "--quiet", "--filter", "name=mcp-executor-\(user)-")
        for volume in listed?.text.lines ?? [] where !volume.isEmpty {
            try? await eventually { try await run("volume", "rm", "--force", volume).succeeded }
        }
    }
}

/// A pool for one test, with users that nobody else has.
struct TestPool: Sendable {
    let pool: SandboxPool
    let log: Recorder<String>
    /// What was told of the artifacts of all users.
    let changes: Recorder<ArtifactChange>
    /// The user of most calls.
    let user: UserID

    /// Runs `body` with a pool and closes it. The workspace is in memory unless `configure` says otherwise.
    static func with(
        limits: Limits = Limits(), user: UserID? = nil, configure: (inout SandboxConfiguration) -> Void = { _ in },
        _ body: (TestPool) async throws -> Void
    ) async throws {
        try await RealEngine.require()
        var configuration = SandboxConfiguration()
        configuration.image = RealEngine.image
        configuration.workspace = .ephemeral
        configure(&configuration)
        let log = Recorder<String>()
        let changes = Recorder<ArtifactChange>()
        let pool = SandboxPool(
            configuration: configuration, limits: limits,
            logger: Logger(program: "exec-mcp", level: .debug) { log.record($0) },
            locateEngine: RealEngine.locate, onArtifactsChanged: { changes.record($1) })
        do {
            try await body(TestPool(pool: pool, log: log, changes: changes, user: user ?? newUser()))
        } catch {
            await pool.close(grace: 5)
            throw error
        }
        await pool.close(grace: 5)
    }

    /// Like ``with(limits:user:configure:_:)``, with a workspace on the engine's disk, which is removed afterwards.
    static func withPersistentWorkspace(_ body: (TestPool) async throws -> Void) async throws {
        let user = try newUser()
        do {
            try await with(user: user, configure: { $0.workspace = .persistent }, body)
        } catch {
            await RealEngine.removeVolumes(of: user)
            throw error
        }
        await RealEngine.removeVolumes(of: user)
    }

    static func newUser() throws -> UserID {
        try #require(UserID("test-\(String(UInt64.random(in: 0...UInt64.max), radix: 36))"))
    }

    /// Runs a command in the sandbox of `user`.
    @discardableResult
    func execute(_ command: String, timeout: Double = 60, user: UserID? = nil) async throws -> CommandResult {
        try await pool.withSandbox(of: user ?? self.user) { try await $0.execute(command, timeout: timeout) }
    }

    /// How many processes in the sandbox have `mark` among their arguments.
    func processCount(_ mark: String) async throws -> Int {
        // The brackets keep the command from finding itself.
        let pattern = "[\(mark.prefix(1))]\(mark.dropFirst())"
        let found = try await execute("pgrep -fc '\(pattern)'").standardOutput
        return try #require(Int(found.trimmingCharacters(in: .whitespacesAndNewlines)))
    }
}
