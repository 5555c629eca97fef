import JSON

/// The program that runs as process 1 of every sandbox. Its Python source is embedded in this binary, so that it
/// always matches the server and works with any image that has python3.
enum GuestProgram {
    /// The arguments of the Python interpreter. They isolate it from the environment and from user-installed packages.
    /// It reads its program from the channel, which keeps the process list readable and avoids the size limit on
    /// arguments. If nothing comes within a minute, nobody is attached: then it ends.
    static let interpreterArguments = [
        "-I", "-S", "-X", "utf8", "-c",
        "import select,sys;select.select([0],[],[],60)[0]and exec(sys.stdin.buffer.raw.readline())",
    ]

    /// The modules, each of which is compiled when it is first used.
    static let modules: [(name: String, source: [UInt8])] = [
        ("frames", PackageResources.frames_py),
        ("limits", PackageResources.limits_py),
        ("system", PackageResources.system_py),
        ("directory_modes", PackageResources.directory_modes_py),
        ("event_loop", PackageResources.event_loop_py),
        ("processes", PackageResources.processes_py),
        ("terminal", PackageResources.terminal_py),
        ("output", PackageResources.output_py),
        ("paths", PackageResources.paths_py),
        ("charsets", PackageResources.charsets_py),
        ("formats", PackageResources.formats_py),
        ("picture_validation", PackageResources.picture_validation_py),
        ("picture_scaler", PackageResources.picture_scaler_py),
        ("pictures", PackageResources.pictures_py),
        ("files", PackageResources.files_py),
        ("docstrings", PackageResources.docstrings_py),
        ("file_transfers", PackageResources.file_transfers_py),
        ("artifacts", PackageResources.artifacts_py),
        ("artifact_watcher", PackageResources.artifact_watcher_py),
        ("shells", PackageResources.shells_py),
        ("confinement", PackageResources.confinement_py),
        ("module_files", PackageResources.module_files_py),
        ("workers", PackageResources.workers_py),
        ("disk_usage", PackageResources.disk_usage_py),
        ("monitor_process", PackageResources.monitor_process_py),
        ("disk_monitor", PackageResources.disk_monitor_py),
        ("pool", PackageResources.pool_py),
        ("progress", PackageResources.progress_py),
        ("http_proxy", PackageResources.http_proxy_py),
        ("guest_calls", PackageResources.guest_calls_py),
        ("relay", PackageResources.relay_py),
        ("egress", PackageResources.egress_py),
        ("admission", PackageResources.admission_py),
        ("background_jobs", PackageResources.background_jobs_py),
        ("calls", PackageResources.calls_py),
        ("commands", PackageResources.commands_py),
        ("file_operations", PackageResources.file_operations_py),
        ("active_calls", PackageResources.active_calls_py),
        ("attribution", PackageResources.attribution_py),
        ("bridge", PackageResources.bridge_py),
        ("instant", PackageResources.instant_py),
        ("memory", PackageResources.memory_py),
        ("termination", PackageResources.termination_py),
        ("heartbeat", PackageResources.heartbeat_py),
        ("channel", PackageResources.channel_py),
        ("disk_limit", PackageResources.disk_limit_py),
        ("dispatcher", PackageResources.dispatcher_py),
        ("call_io", PackageResources.call_io_py),
        ("worker_io", PackageResources.worker_io_py),
        ("call_lifecycle", PackageResources.call_lifecycle_py),
        ("process_control", PackageResources.process_control_py),
        ("session", PackageResources.session_py),
        ("network_proof", PackageResources.network_proof_py),
        ("memory_guard", PackageResources.memory_guard_py),
        ("seal", PackageResources.seal_py),
        ("py_client", PackageResources.py_client_py),
        ("py_display", PackageResources.py_display_py),
        ("py_program", PackageResources.py_program_py),
        ("py_help", PackageResources.py_help_py),
        ("py_session", PackageResources.py_session_py),
        ("py_broker", PackageResources.py_broker_py),
        ("py_command", PackageResources.py_command_py),
        ("main", PackageResources.main_py),
    ]

    /// The bytes that make the container fill a volume, which is mounted at `directory`, and end.
    static func unpacker(of files: CarriedFiles, into directory: String) -> [UInt8] {
        let program = JSON.string(String(decoding: PackageResources.unpack_py, as: UTF8.self))
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
        let modules = modules.filter { !left.contains($0.name) }
        let program: JSON = [
            "modules": .array(modules.map { [.string($0.name), .string(String(decoding: $0.source, as: UTF8.self))] }),
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
        let bootstrap = JSON.string(String(decoding: PackageResources.bootstrap_py, as: UTF8.self))
        let text = program.serialized()
        return Array("exec(".utf8) + bootstrap.serialized() + Array(")\n".utf8)
            + withUnsafeBytes(of: UInt32(text.count).bigEndian) { Array($0) } + text
    }
}
