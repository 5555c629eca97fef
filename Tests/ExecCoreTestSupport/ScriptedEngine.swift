import Diagnostics
package import ExecCore
package import TestSupport

/// A program in the place of the engine's command line.
package struct ScriptedEngine: Sendable {
    /// What a guest says that is ready, and then does nothing until its input ends.
    package static let idleGuest = #"take(); say(1, 0, {"shell": True}); sys.stdin.read()"#

    private let program: String

    /// - Parameter script: what `run` does, in Python. `take()` reads what a guest is sent before the first frame,
    ///   `say(kind, call, payload)` writes a frame, `user` is whose sandbox it is.
    package init(_ script: String, in directory: TemporaryDirectory) async throws {
        program = try await directory.writeProgram(
            """
            #!/usr/bin/python3 -I
            import json, os, sys, time
            if sys.argv[1] != "run":
                sys.exit()
            user = sys.argv[sys.argv.index("--name") + 1].split("-")[2]
            def take():
                channel = sys.stdin.buffer
                channel.readline()
                return json.loads(channel.read(int.from_bytes(channel.read(4), "big")))
            def say(kind, call, payload):
                data = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
                os.write(1, len(data).to_bytes(4, "big") + bytes((kind,)) + call.to_bytes(4, "big") + data)
            \(script)
            """, to: "engine")
    }

    /// The engine that a pool takes it for.
    package var commandLine: DockerCLI { DockerCLI(program: program, environment: [:]) }

    /// A pool that has this engine.
    package func pool(
        limits: Limits = Limits(), log: Recorder<String> = Recorder(), provision: ImageProvision? = nil
    ) -> SandboxPool {
        SandboxPool(
            configuration: SandboxConfiguration(), limits: limits,
            logger: Logger(program: "exec-mcp", level: .debug) { log.record($0) },
            locateEngine: { [commandLine] () throws(ExecError) in commandLine }, bridge: nil, provision: provision)
    }
}
