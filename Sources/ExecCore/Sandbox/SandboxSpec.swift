/// Describes one sandbox: its user and owner, and what its container consists of.
struct SandboxSpec: Sendable, Equatable {
    static let home = "/home/coderunner"
    private static let hostName = "sandbox"
    /// Where the Python modules of the bridge's tools are.
    private static let moduleDirectory = "/mcp"
    /// Where the guest puts commands of its own, such as `py`, and their capacity in bytes.
    private static let commandDirectory = ContainerSpec.MemoryDirectory(path: "/run/exec-mcp", size: 1 << 20)
    /// Where programs keep what outlives a sandbox: pip's installed packages, and caches if there is a network. A
    /// hidden directory with an unusual name, because the workspace may be a host directory.
    private static let store = "/workspace/.sandbox"

    let name: String
    let user: UserID
    let owner: Owner
    let account: Account
    let configuration: SandboxConfiguration
    let limits: Limits
    /// The mounts of skills and tools.
    let hostMounts: HostMounts

    /// The files of this machine that the sandbox has in volumes, because the engine cannot see them; empty if they are
    /// mounted.
    private(set) var carriedFiles: [CarriedFiles] = []

    /// Whether a hold mark shows that a process holds its pipes, even if its owner may be gone.
    var isMarked = false

    /// - Parameter account: the account that the code runs under.
    init(
        name: String, user: UserID, owner: Owner, account: Account, configuration: SandboxConfiguration, limits: Limits
    ) {
        self.name = name
        self.user = user
        self.owner = owner
        self.account = account
        self.configuration = configuration
        self.limits = limits
        hostMounts = HostMounts(
            configuration, approved: configuration.skillStore.map { SkillStore(path: $0).skills(of: user).skills } ?? []
        )
    }

    /// The same sandbox in a container of another name.
    ///
    /// - Parameter account: the account that the code runs under; `nil` for the same.
    func again(under account: Account? = nil) -> SandboxSpec {
        var again = SandboxSpec(
            name: Self.newName(for: user), user: user, owner: owner, account: account ?? self.account,
            configuration: configuration, limits: limits)
        again.carriedFiles = carriedFiles
        return again
    }

    /// Reads the files that would otherwise be mounted, for an engine that isn't on this machine.
    ///
    /// - Throws: ``ExecError`` if there is something that cannot be carried.
    mutating func carryFiles() throws(ExecError) {
        if case .directory(let path, _) = configuration.workspace {
            throw ExecError(
                .engineFailed,
                """
                The workspace \(path) is a directory of this machine, and the engine isn't known to run here: it \
                would not see the directory. Start the server with --workspace persistent (a volume of the engine), or \
                with --engine-location local if the engine does share this machine's files.
                """)
        }
        var all: [CarriedFiles] = []
        for target in ["/tools", "/skills"] where hostMounts.mounts.contains(where: { $0.target.hasPrefix(target) }) {
            all.append(try CarriedFiles(hostMounts.mounts, at: target))
        }
        carriedFiles = all
    }

    /// Where a volume is mounted in the container that fills it. The image's directory of that name is writable for
    /// everybody, and an empty volume gets its mode.
    static let fillerDirectory = "/workspace"

    /// The container that fills the volume of these files.
    func filler(of files: CarriedFiles) -> ContainerSpec {
        ContainerSpec(
            name: Self.newName(for: user), hostName: Self.hostName,
            labels: owner.labels.map { ContainerSpec.Pair(name: $0.name, value: $0.value) },
            image: configuration.image, account: .common, network: "none", runtime: configuration.runtime,
            memory: configuration.memory.bytes, sharedMemory: configuration.memory.bytes / 2, cpus: configuration.cpus,
            pids: configuration.pids, memoryDirectories: [],
            mounts: [.volume(name: files.volume, target: Self.fillerDirectory)], environment: [],
            command: ["python3"] + GuestProgram.interpreterArguments)
    }

    /// The common prefix of all container names.
    private static let namePrefix = "mcp-executor-"

    /// Whether `text` has the form of one of our container names.
    static func isName(_ text: String) -> Bool {
        text.hasPrefix(namePrefix) && UserID(String(text.prefix(63))) != nil
            && text.utf8.count <= 128 && text.utf8.allSatisfy { $0 != UInt8(ascii: "/") && $0 > 0x20 && $0 < 0x7F }
    }

    /// Returns a name that no container has. It is random because hosts start servers twice and kill them without
    /// warning.
    static func newName(for user: UserID) -> String {
        let digits = String(UInt64.random(in: 0...UInt64.max), radix: 36)
        return "\(namePrefix)\(user.name)-\(String(repeating: "0", count: 13 - digits.count))\(digits)"
    }

    /// The container for an engine to start.
    var container: ContainerSpec {
        ContainerSpec(
            name: name, hostName: Self.hostName, labels: labels, image: configuration.image, account: account,
            network: configuration.network, runtime: configuration.runtime, memory: configuration.memory.bytes,
            // Counts toward the memory limit once it is used. The engine's default of 64 MB is soon full.
            sharedMemory: configuration.memory.bytes / 2,
            cpus: configuration.cpus, pids: configuration.pids, memoryDirectories: memoryDirectories, mounts: mounts,
            environment: environment, command: ["python3"] + GuestProgram.interpreterArguments)
    }

    private var labels: [ContainerSpec.Pair] {
        var labels = owner.labels + [(Owner.userLabel, user.name)]
        if isMarked { labels.append((Owner.lingerLabel, HoldMark.labelValue(for: name))) }
        return labels.map { ContainerSpec.Pair(name: $0.name, value: $0.value) }
    }

    /// In-memory directories. Their contents count toward the memory limit, so each gets a fraction of it.
    private var memoryDirectories: [ContainerSpec.MemoryDirectory] {
        let parts = [("/tmp", 4), (Self.home, 8), ("/output", 8)]
        let inMemory = configuration.workspace == .ephemeral ? [("/workspace", 2), ("/artifacts", 4)] : []
        func directories(_ parts: [(path: String, part: Int)]) -> [ContainerSpec.MemoryDirectory] {
            parts.map { ContainerSpec.MemoryDirectory(path: $0.path, size: configuration.memory.bytes / $0.part) }
        }
        let all = directories(parts) + [Self.commandDirectory] + directories(inMemory)
        guard configuration.hasBridge else { return all }
        // New files are written before old ones are removed.
        let modules = ContainerSpec.MemoryDirectory(
            path: Self.moduleDirectory, size: 2 * InstallModules.maxSize)
        return all + [modules]
    }

    private var mounts: [ContainerSpec.Mount] {
        var mounts: [ContainerSpec.Mount] = []
        switch configuration.workspace {
        case .persistent:
            mounts.append(.volume(name: volume("workspace"), target: "/workspace"))
            mounts.append(.volume(name: artifactVolume, target: "/artifacts"))
        case .directory(let path, _):
            mounts.append(.host(source: path, target: "/workspace", isReadOnly: false))
            mounts.append(.volume(name: artifactVolume, target: "/artifacts"))
        case .ephemeral:
            break
        }
        guard carriedFiles.isEmpty else {
            return mounts + carriedFiles.map { .files(volume: $0.volume, target: $0.target) }
        }
        return mounts + hostMounts.mounts.map { .host(source: $0.source, target: $0.target, isReadOnly: true) }
    }

    /// An engine may inject the proxies of its own settings into each container, often with a password in them. These
    /// values override those, and an empty one counts as unset.
    private static let proxyVariables = ["HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY"]

    private var environment: [ContainerSpec.Pair] {
        let own = [
            ("HOME", Self.home), ("USER", "coderunner"), ("LOGNAME", "coderunner"), ("TERM", "dumb"),
            // Both save time: otherwise every bash looks the shell up in /etc/passwd and loads twelve files for LANG.
            ("SHELL", "/bin/bash"), ("LANG", "C"), ("LC_CTYPE", "C.UTF-8"),
            ("PYTHONPATH", configuration.hasBridge ? "/tools:\(Self.moduleDirectory)" : "/tools"),
            ("PYTHONUNBUFFERED", "1"), ("PYTHONDONTWRITEBYTECODE", "1"),
            ("MPLBACKEND", "Agg"), ("MCP_ARTIFACT_SIZE_LIMIT_MB", String(limits.artifactMebibytes)),
            // Otherwise numpy starts a thread for each processor of the host, whatever the sandbox's share.
            ("OMP_NUM_THREADS", String(threads)), ("OPENBLAS_NUM_THREADS", String(threads)),
            // Where there is room and the files last as long as the workspace. The wheels themselves need not last.
            ("PYTHONUSERBASE", Self.store), ("PIP_NO_CACHE_DIR", "1"), ("JOBLIB_TEMP_FOLDER", "/dev/shm"),
            // The workspace itself has no owner inside the sandbox, which git's ownership check rejects.
            ("GIT_CONFIG_COUNT", "1"), ("GIT_CONFIG_KEY_0", "safe.directory"), ("GIT_CONFIG_VALUE_0", "*"),
        ]
        let caches = configuration.hasWayOut ? [("XDG_CACHE_HOME", "\(Self.store)/cache")] : []
        let proxies = Self.proxyVariables.flatMap { [($0, proxy($0)), ($0.lowercased(), proxy($0))] }
        return (own + caches + proxies).map { ContainerSpec.Pair(name: $0.0, value: $0.1) }
    }

    /// The value of a proxy variable; empty for none.
    private func proxy(_ variable: String) -> String {
        guard !configuration.allowedHosts.isEmpty else { return "" }
        switch variable {
        case "HTTP_PROXY", "HTTPS_PROXY": return "http://127.0.0.1:\(SandboxConfiguration.proxyPort)"
        case "NO_PROXY": return "localhost,127.0.0.1,::1"
        default: return ""
        }
    }

    private var threads: Int {
        max(1, Int((Double(configuration.cpus) ?? 1).rounded(.up)))
    }

    private func volume(_ purpose: String) -> String {
        Self.volume(purpose, of: user)
    }

    private static func volume(_ purpose: String, of user: UserID) -> String {
        "mcp-executor-\(user.name)-\(purpose)"
    }

    /// Under the account of a host directory's owner, artifacts have a volume of their own: files of another account
    /// could not be replaced.
    private var artifactVolume: String {
        let isUsers = account == .common || account == Account(of: user)
        return volume(isUsers ? "artifacts" : "artifacts-\(account.user)")
    }

    /// The names of the volumes that a user may have.
    static func volumes(of user: UserID, in configuration: SandboxConfiguration) -> [String] {
        let account = Accounts().account(of: user, in: configuration)
        return ["workspace", "artifacts", "artifacts-\(account.user)"].map { volume($0, of: user) }
    }
}
