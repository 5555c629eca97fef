import ChildProcess
import TestSupport
import Testing

@testable import ExecCore

extension EngineTests {
    @Suite struct OrphanTests {
        @Test func theFirstStartRemovesContainersWhoseOwnerIsDeadAndNoOther() async throws {
            try await TestPool.with { pool in
                let us = Owner.current()
                let dead = Owner(
                    host: us.host, boot: us.boot, pidNamespace: us.pidNamespace, pid: us.pid, startTime: "1")
                let elsewhere = Owner(
                    host: "elsewhere", boot: us.boot, pidNamespace: us.pidNamespace, pid: us.pid, startTime: "1")
                let (orphaned, ours, another) = try (TestPool.newUser(), TestPool.newUser(), TestPool.newUser())
                try await leaveContainer(of: dead, for: orphaned)
                try await leaveContainer(of: us, for: ours)
                try await leaveContainer(of: elsewhere, for: another)
                try await pool.execute("true")
                try await eventually { try await RealEngine.containers(of: orphaned).isEmpty }
                for user in [ours, another] {
                    let left = try await RealEngine.containers(of: user)
                    #expect(left.count == 1)
                    for container in left { try await RealEngine.run("rm", "--force", container) }
                }
            }
        }

        /// Starts a container as a server of `owner` would have left it.
        private func leaveContainer(of owner: Owner, for user: UserID) async throws {
            let labels = (owner.labels + [(Owner.userLabel, user.name)]).flatMap {
                ["--label", "\($0.name)=\($0.value)"]
            }
            let engine = try RealEngine.locate()
            let arguments =
                ["run", "--detach", "--network", "none", "--name", "mcp-executor-\(user)"] + labels
                + ["--entrypoint", "sleep", RealEngine.image, "600"]
            let started = try await Command(
                executable: engine.program, arguments: arguments, environment: engine.environment
            ).run(timeout: 60)
            try #require(started.succeeded, "\(started.errorText)")
        }
    }
}
