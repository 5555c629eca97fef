import Diagnostics
import ExecCoreTestSupport
import JSON
import SystemCalls
import TestSupport
import Testing
import Threading

@testable import ExecCore

/// How sandboxes of an engine elsewhere get their files.
@Suite(.timeLimit(.minutes(2))) struct VolumeFillerTests {
    private let directory: TemporaryDirectory
    private let log = Recorder<String>()
    private let user: UserID

    init() throws {
        ignoreBrokenPipes()
        directory = try TemporaryDirectory()
        try directory.write("def f(): pass\n", to: "tools/a.py")
        user = try #require(UserID("ann"))
    }

    private func configuration() -> SandboxConfiguration {
        var configuration = SandboxConfiguration()
        configuration.toolsDirectory = "\(directory.path)/tools"
        return configuration
    }

    private func pool(_ engine: InProcessEngine, _ configuration: SandboxConfiguration) -> SandboxPool {
        SandboxPool(
            configuration: configuration, limits: Limits(),
            logger: Logger(program: "exec-mcp", level: .debug) { [log] in log.record($0) }
        ) { () throws(ExecError) in engine }
    }

    /// An engine with volumes that a container can fill.
    private func engine(fills: Bool = true, isLocal: Bool = false) -> InProcessEngine {
        let full = Locked<Set<String>>([])
        return InProcessEngine(isLocal: isLocal) { guest in
            guest.takeProgram()
            for case .volume(let name, _) in guest.container.mounts where name.hasPrefix(CarriedFiles.volumePrefix) {
                if fills { full.withLock { _ = $0.insert(String(name.dropFirst(CarriedFiles.volumePrefix.count))) } }
                return guest.print("filled\n")
            }
            let digests = full.withLock { $0.map { JSON.string($0) } }
            guest.say(Frame(.hello, call: 0, ["shell": true, "files": .array(digests)]))
            guest.answerCalls { _ in "up" }
        }
    }

    private func call(_ pool: SandboxPool) async throws {
        _ = try await pool.withSandbox(of: user) { try await $0.execute("true", timeout: 5) }
    }

    private func targets(_ container: ContainerSpec) -> [String] {
        container.mounts.map { mount in
            switch mount {
            case .volume(_, let target): target
            case .files(_, let target): "files \(target)"
            case .host(_, let target, _): "host \(target)"
            }
        }
    }

    @Test func theFirstSandboxFillsTheVolumeAndTheOthersFindItFull() async throws {
        let engine = engine()
        for _ in 0..<2 {
            let pool = pool(engine, configuration())
            try await call(pool)
            await pool.close(grace: 10)
        }
        let sandbox = ["/workspace", "/artifacts", "files /tools"]
        #expect(engine.started.elements.map(targets) == [sandbox, ["/workspace"], sandbox, sandbox])
        let filler = engine.started.elements[1]
        #expect(filler.network == "none" && filler.account == .common)
        #expect(Set(engine.started.elements.map(\.name)).count == 4)
    }

    @Test func anEngineOnThisMachineMountsTheDirectory() async throws {
        let engine = engine(isLocal: true)
        let pool = pool(engine, configuration())
        try await call(pool)
        await pool.close(grace: 10)
        #expect(engine.started.elements.map(targets) == [["/workspace", "/artifacts", "host /tools"]])
    }

    @Test func aVolumeThatStaysEmptyIsAnError() async throws {
        let engine = engine(fills: false)
        let pool = pool(engine, configuration())
        let error = await #expect(throws: ExecError.self) { try await call(pool) }
        #expect(error?.message.contains("carried to the engine, but are not in the sandbox") == true)
        #expect(engine.started.elements.count == 3)
        await pool.close(grace: 10)
    }

    @Test func aDirectoryOfThisMachineCannotBeTheWorkspace() async throws {
        let engine = engine()
        var configuration = configuration()
        configuration.workspace = .directory(path: try #require(Files.realPath(directory.path)), user: user)
        let pool = pool(engine, configuration)
        let error = await #expect(throws: ExecError.self) { try await call(pool) }
        #expect(error?.message.contains("the engine isn't known to run here") == true)
        #expect(engine.started.elements.isEmpty)
        await pool.close(grace: 10)
    }

    @Test func oldVolumesAreRemovedWhenOneIsFilled() async throws {
        let engine = engine()
        let now = time(nil)
        engine.listedVolumes.withLock {
            $0 = [
                EngineVolume(name: "exec-mcp-files-old", created: now - 2 * VolumeFiller.minAge),
                EngineVolume(name: "exec-mcp-files-new", created: now - 60),
                EngineVolume(name: "exec-mcp-files-odd", created: nil),
                EngineVolume(name: "mcp-executor-ann-workspace", created: 0),
            ]
        }
        let pool = pool(engine, configuration())
        try await call(pool)
        try await engine.removedVolumes.wait(forCount: 1)
        #expect(engine.removedVolumes.elements == ["exec-mcp-files-old"])
        await pool.close(grace: 10)
    }
}
