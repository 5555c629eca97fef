import Hashing
import JSON
import SystemCalls

/// What two servers must have in common for the one to go on with the other's sandbox.
enum LingerKey {
    /// Changes with how a sandbox is handed on.
    private static let format = 1

    /// A name for all that makes such a container: its user, everything that the engine is told but its name and owner,
    /// the directories of the host that it sees (not only their paths), the engine, and the guest.
    static func key(of sandbox: SandboxSpec, engine: any ContainerEngine) -> String {
        let configuration = sandbox.configuration
        var directories = configuration.skillsDirectories + (configuration.toolsDirectory.map { [$0] } ?? [])
        if case .directory(let path, _) = configuration.workspace { directories.append(path) }
        let description: JSON = [
            .integer(format), .string(sandbox.user.name),
            .array(engine.fingerprint(of: sandbox.container).map { .string($0) }),
            .array(directories.map { Files.identity(of: $0).map { .string($0) } ?? .null }),
        ]
        let program = GuestProgram.handover(for: configuration, limits: sandbox.limits)
        return String(SHA256.hexDigest(of: description.serialized() + program).prefix(32))
    }
}
