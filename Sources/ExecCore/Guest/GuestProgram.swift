import JSON

/// The program that runs as process 1 of every sandbox. Its Python source is embedded in this binary, so that it
/// always matches the server and works with any image that has python3.
enum GuestProgram {
    /// The arguments of the Python interpreter. They isolate it from the environment and from user-installed packages.
    /// It reads its program from the channel, which keeps the process list readable and avoids the size limit on
    /// arguments.
    static let interpreterArguments = [
        "-I", "-S", "-X", "utf8", "-c", "import sys;exec(sys.stdin.buffer.raw.readline())",
    ]

    /// The modules in dependency order.
    static let modules: [(name: String, source: [UInt8])] = [
        ("frames", PackageResources.frames_py),
        ("limits", PackageResources.limits_py),
        ("system", PackageResources.system_py),
        ("places", PackageResources.places_py),
        ("pollset", PackageResources.pollset_py),
        ("processes", PackageResources.processes_py),
        ("terminal", PackageResources.terminal_py),
        ("output", PackageResources.output_py),
        ("paths", PackageResources.paths_py),
        ("charsets", PackageResources.charsets_py),
        ("formats", PackageResources.formats_py),
        ("headers", PackageResources.headers_py),
        ("scaling", PackageResources.scaling_py),
        ("pictures", PackageResources.pictures_py),
        ("files", PackageResources.files_py),
        ("docstrings", PackageResources.docstrings_py),
        ("artifacts", PackageResources.artifacts_py),
        ("watch", PackageResources.watch_py),
        ("shells", PackageResources.shells_py),
        ("confinement", PackageResources.confinement_py),
        ("keepers", PackageResources.keepers_py),
        ("counting", PackageResources.counting_py),
        ("surveying", PackageResources.surveying_py),
        ("quota", PackageResources.quota_py),
        ("pool", PackageResources.pool_py),
        ("progress", PackageResources.progress_py),
        ("proxying", PackageResources.proxying_py),
        ("guest_calls", PackageResources.guest_calls_py),
        ("egress", PackageResources.egress_py),
        ("arrivals", PackageResources.arrivals_py),
        ("jobs", PackageResources.jobs_py),
        ("calls", PackageResources.calls_py),
        ("memory", PackageResources.memory_py),
        ("endings", PackageResources.endings_py),
        ("channel", PackageResources.channel_py),
        ("disk_limit", PackageResources.disk_limit_py),
        ("dispatcher", PackageResources.dispatcher_py),
        ("lifecycle", PackageResources.lifecycle_py),
        ("main", PackageResources.main_py),
    ]

    /// The bytes sent to the guest before the first frame: a line that loads the program, then the program.
    static func handover(for configuration: SandboxConfiguration, limits: Limits) -> [UInt8] {
        let program: JSON = [
            "modules": .array(modules.map { [.string($0.name), .string(String(decoding: $0.source, as: UTF8.self))] }),
            "config": [
                "pids": .integer(configuration.pids), "memory": .string(configuration.memory.description),
                "artifact_limit": .integer(limits.artifactBytes),
                "workspace_limit": .integer(
                    configuration.workspace == .persistent ? configuration.workspaceLimit.bytes : 0),
                "proxy_port": .integer(configuration.allowedHosts.isEmpty ? 0 : SandboxConfiguration.proxyPort),
            ],
        ]
        let bootstrap = JSON.string(String(decoding: PackageResources.bootstrap_py, as: UTF8.self))
        let text = program.serialized()
        return Array("exec(".utf8) + bootstrap.serialized() + Array(")\n".utf8)
            + withUnsafeBytes(of: UInt32(text.count).bigEndian) { Array($0) } + text
    }
}
