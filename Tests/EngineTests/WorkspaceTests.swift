import ChildProcess
import ExecCore
import Foundation
import TestSupport
import Testing

extension EngineTests {
    @Suite struct WorkspaceTests {
        @Test func aPersistentWorkspaceOutlivesItsSandboxAndItsServer() async throws {
            let user = try TestPool.newUser()
            do {
                try await TestPool.with(user: user, configure: { $0.workspace = .persistent }) { pool in
                    try await pool.execute("echo kept > file; echo result > /artifacts/result.txt; echo x > /tmp/gone")
                }
                try await TestPool.with(user: user, configure: { $0.workspace = .persistent }) { pool in
                    let found = try await pool.execute("cat file /artifacts/result.txt; ls /tmp/gone")
                    #expect(found.standardOutput == "kept\nresult\n")
                    #expect(found.exitCode != 0)
                }
            } catch {
                await RealEngine.removeVolumes(of: user)
                throw error
            }
            await RealEngine.removeVolumes(of: user)
        }

        @Test func twoServersShareAUsersWorkspace() async throws {
            let user = try TestPool.newUser()
            do {
                try await TestPool.with(user: user, configure: { $0.workspace = .persistent }) { first in
                    try await TestPool.with(user: user, configure: { $0.workspace = .persistent }) { second in
                        try await first.execute("echo from the first > note")
                        #expect(try await second.execute("cat note").standardOutput == "from the first\n")
                        #expect(try await RealEngine.containers(of: user).count == 2)
                    }
                }
            } catch {
                await RealEngine.removeVolumes(of: user)
                throw error
            }
            await RealEngine.removeVolumes(of: user)
        }

        @Test func anEphemeralWorkspaceIsGoneWithItsSandbox() async throws {
            let user = try TestPool.newUser()
            for _ in 0..<2 {
                try await TestPool.with(user: user) { pool async throws in
                    #expect(
                        try await pool.execute("ls -A; echo x > file; echo x > /artifacts/y").standardOutput.isEmpty)
                }
            }
            #expect(try await RealEngine.run("volume", "ls", "--quiet", "--filter", "name=\(user)").text.isEmpty)
        }

        @Test func aDirectoryOfTheHostIsTheWorkspaceOfOneUser() async throws {
            let directory = try TemporaryDirectory()
            if geteuid() == 0 { try #require(chown(directory.path, 1000, 1000) == 0) }
            try directory.write("of the host\n", to: "input", mode: 0o644)
            let user = try TestPool.newUser()
            do {
                let workspace = SandboxConfiguration.Workspace.directory(path: directory.path, user: user)
                try await TestPool.with(user: user, configure: { $0.workspace = workspace }) { pool in
                    #expect(try await pool.execute("cat input; echo made > output").standardOutput == "of the host\n")
                    let made = try String(contentsOfFile: "\(directory.path)/output", encoding: .utf8)
                    #expect(made == "made\n")
                    let other = try TestPool.newUser()
                    let error = await #expect(throws: ExecError.self) { try await pool.execute("true", user: other) }
                    #expect(error?.code == .invalidArgument)
                }
            } catch {
                await RealEngine.removeVolumes(of: user)
                throw error
            }
            await RealEngine.removeVolumes(of: user)
        }
    }
}
