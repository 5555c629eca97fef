import Hashing
import JSON
import SystemCalls

/// What two servers must have in common for one to resume the other's sandbox.
enum LingerKey {
    /// Increment when the way a sandbox is handed over changes.
    private static let format = 1

    /// A digest of everything that defines such a container: its user, everything that the engine is given except the
    /// container's name and owner, the identity (not only the path) of the host directories that it sees, the engine,
    /// and the guest.
    static func key(of sandbox: SandboxSpec, engine: any ContainerEngine) -> String {
        let configuration = sandbox.configuration
        var directories = configuration.skillsDirectories + (configuration.toolsDirectory.map { [$0] } ?? [])
        directories += sandbox.hostMounts.approvedSources
        if case .directory(let path, _) = configuration.workspace { directories.append(path) }
        let description: JSON = [
            .integer(format), .string(sandbox.user.name),
            .array(engine.fingerprint(of: sandbox.container).map { .string($0) }),
            .array(directories.map { Files.identity(of: $0).map { .string($0) } ?? .null }),
        ]
        let program = GuestProgram.bootstrapPayload(
            for: configuration, limits: sandbox.limits, isEngineLocal: engine.isLocal)
        return String(SHA256.hexDigest(of: description.serialized() + program).prefix(32))
    }
}
