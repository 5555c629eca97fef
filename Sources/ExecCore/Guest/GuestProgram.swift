import EmbeddedFiles
import JSON

/// The program that runs as process 1 of every sandbox. Its Python source is embedded in this binary, so that it
/// always matches the server and works with any image that has python3.
enum GuestProgram {
    /// The arguments of the Python interpreter. They isolate it from the environment and from user-installed packages.
    /// It reads its program from the channel, which keeps the process list readable and avoids the size limit on
    /// arguments. If nothing comes within a minute, nobody is attached: then it ends.
    static let interpreterArguments = arguments(
        running: "import select,sys;select.select([0],[],[],60)[0]and exec(sys.stdin.buffer.raw.readline())")

    /// ``interpreterArguments`` for a sandbox of a pool, which waits for its server as long as the pool keeps it.
    static let patientArguments = arguments(running: "import sys;exec(sys.stdin.buffer.raw.readline())")

    private static func arguments(running program: String) -> [String] {
        ["-I", "-S", "-X", "utf8", "-c", program]
    }

    /// The bytes that make the container fill a volume, which is mounted at `directory`, and end.
    static func unpacker(of files: CarriedFiles, into directory: String) -> [UInt8] {
        let program = JSON.string(EmbeddedFiles.guestLoaders["unpack"])
        return Array("exec(".utf8) + program.serialized() + Array(")\n".utf8) + files.payload(into: directory)
    }

    /// The bytes sent to the guest before the first frame: a line that loads the program, then the program.
    ///
    /// - Parameters:
    ///   - isEngineLocal: whether the engine is known to run on this machine, so that the channel closes when this server
    ///     is gone.
    ///   - guardsMemory: whether the guest ends what takes too much memory before the kernel has to.
    ///   - key: the key of the channel; `nil` if it isn't sealed.
    static func bootstrapPayload(
        for configuration: SandboxConfiguration, limits: Limits, isEngineLocal: Bool, guardsMemory: Bool = false,
        key: SealKey? = nil
    ) -> [UInt8] {
        // A plain Python must not depend on the other kind, and a channel that isn't sealed on what seals.
        let left: [String] = (configuration.python == .instant ? [] : ["instant"]) + (key == nil ? ["seal"] : [])
        let modules = EmbeddedFiles.guestModules.all.filter { !left.contains($0.name) }
        let program: JSON = [
            "modules": .array(modules.map { [.string($0.name), .string($0.text)] }),
            "config": [
                "pids": .integer(configuration.pids), "memory": .string(configuration.memory.description),
                "artifact_limit": .integer(limits.artifactBytes),
                "workspace_limit": .integer(
                    configuration.workspace == .persistent ? configuration.workspaceLimit.bytes : 0),
                "proxy_port": .integer(configuration.allowedHosts.isEmpty ? 0 : SandboxConfiguration.proxyPort),
                "bridge": .bool(configuration.hasBridge), "max_timeout": .integer(limits.maxTimeout),
                "python": .string(configuration.python.rawValue), "python_ahead": .bool(configuration.preloadsPython),
                "memory_bytes": .integer(configuration.memory.bytes), "heartbeat": .integer(limits.heartbeat),
                "watches_server": .bool(!isEngineLocal), "linger": .integer(isEngineLocal ? 0 : limits.linger),
                "proves_no_network": .bool(configuration.provesNoNetwork), "guards_memory": .bool(guardsMemory),
                "seal": .string(key?.hexDigits ?? ""),
            ],
        ]
        let bootstrap = JSON.string(EmbeddedFiles.guestLoaders["bootstrap"])
        let text = program.serialized()
        return Array("exec(".utf8) + bootstrap.serialized() + Array(")\n".utf8)
            + withUnsafeBytes(of: UInt32(text.count).bigEndian) { Array($0) } + text
    }
}
