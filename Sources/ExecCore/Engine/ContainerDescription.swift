/// One sandbox's container, and the arguments that make the engine start it.
///
/// The hardening is not a setting: every container gets all of it.
struct ContainerDescription: Sendable, Equatable {
    static let home = "/home/coderunner"
    private static let hostName = "sandbox"
    /// What programs put aside for the sandboxes to come: what pip installs, and caches where there is a network. Hidden,
    /// as it may be in a directory of the host, and under a name that nothing there has.
    private static let store = "/workspace/.sandbox"

    let name: String
    let user: UserID
    let owner: Owner
    let account: Account
    let configuration: SandboxConfiguration
    let limits: Limits
    /// The skills and tools.
    let hostMounts: HostMounts

    /// Whether a mark says that its pipes are held, though its owner may be gone.
    var isMarked = false

    /// - Parameter account: what the code runs under.
    init(
        name: String, user: UserID, owner: Owner, account: Account, configuration: SandboxConfiguration, limits: Limits
    ) {
        self.name = name
        self.user = user
        self.owner = owner
        self.account = account
        self.configuration = configuration
        self.limits = limits
        hostMounts = HostMounts(configuration)
    }

    /// What begins the names of all.
    private static let namePrefix = "mcp-executor-"

    /// Whether `text` may be the name of one of our containers.
    static func isName(_ text: String) -> Bool {
        text.hasPrefix(namePrefix) && UserID(String(text.prefix(63))) != nil
            && text.utf8.count <= 128 && text.utf8.allSatisfy { $0 != UInt8(ascii: "/") && $0 > 0x20 && $0 < 0x7F }
    }

    /// A name that no container has: hosts start servers twice and kill them without warning.
    static func newName(for user: UserID) -> String {
        let digits = String(UInt64.random(in: 0...UInt64.max), radix: 36)
        return "\(namePrefix)\(user.name)-\(String(repeating: "0", count: 13 - digits.count))\(digits)"
    }

    var arguments: [String] {
        identity + argumentsWithoutIdentity
    }

    /// All but what tells it apart from others like it.
    var argumentsWithoutIdentity: [String] {
        hardening + resourceLimits + memoryDirectories + mounts + environment
            + ["--entrypoint", "python3", configuration.image] + GuestProgram.interpreterArguments
    }

    private var identity: [String] {
        var labels = owner.labels + [(Owner.userLabel, user.name)]
        if isMarked { labels.append((Owner.lingerLabel, HoldMark.labelValue(for: name))) }
        return [
            "--interactive", "--rm", "--name", name, "--hostname", Self.hostName,
            // Without a network the engine makes no entry for it, and programs that look their own host up fail.
            "--add-host", "\(Self.hostName):127.0.0.1", "--pull", "never",
        ]
            + labels.flatMap { ["--label", "\($0.name)=\($0.value)"] }
    }

    private var hardening: [String] {
        var arguments = [
            // Otherwise the engine writes every byte of the channel to a log on disk as well.
            "--log-driver", "none",
            "--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges",
            "--network", configuration.network, "--ipc", "private", "--ulimit", "core=0",
            // A machine has so many open files in all: without this one sandbox could have them all.
            "--ulimit", "nofile=1024:4096",
            // The guest, as process 1, hears no gentler signal: without this the engine's stop would take ten seconds.
            "--stop-signal", "SIGKILL",
            "--user", "\(account.user):\(account.group)", "--workdir", "/",
        ]
        if let runtime = configuration.runtime { arguments += ["--runtime", runtime] }
        return arguments
    }

    private var resourceLimits: [String] {
        [
            "--memory", String(configuration.memory.bytes), "--memory-swap", String(configuration.memory.bytes),
            "--cpus", configuration.cpus, "--pids-limit", String(configuration.pids),
            // Shared memory counts towards the limit when it is used; an engine's own 64 MB are soon full.
            "--shm-size", String(configuration.memory.bytes / 2),
        ]
    }

    /// Directories in memory. What they hold counts towards the memory limit, so each gets a part of it.
    ///
    /// They are everybody's, there being one user: podman takes no owner for them, and runc no other mode for a
    /// directory that the image has.
    private var memoryDirectories: [String] {
        var directories = [tmpfs("/tmp", part: 4), tmpfs(Self.home, part: 8), tmpfs("/output", part: 8)]
        if configuration.workspace == .ephemeral {
            directories += [tmpfs("/workspace", part: 2), tmpfs("/artifacts", part: 4)]
        }
        return directories.flatMap { ["--tmpfs", $0] }
    }

    private func tmpfs(_ path: String, part: Int) -> String {
        "\(path):rw,exec,nosuid,nodev,size=\(configuration.memory.bytes / part),mode=1777"
    }

    private var mounts: [String] {
        var mounts: [[String]] = []
        switch configuration.workspace {
        case .persistent:
            mounts.append(["type=volume", "source=\(volume("workspace"))", "target=/workspace"])
            mounts.append(["type=volume", "source=\(artifactVolume)", "target=/artifacts"])
        case .directory(let path, _):
            mounts.append(["type=bind", "source=\(path)", "target=/workspace"])
            mounts.append(["type=volume", "source=\(artifactVolume)", "target=/artifacts"])
        case .ephemeral:
            break
        }
        for mount in hostMounts.mounts {
            mounts.append(["type=bind", "source=\(mount.source)", "target=\(mount.target)", "readonly"])
        }
        return mounts.flatMap { ["--mount", $0.map(Self.quotedField).joined(separator: ",")] }
    }

    /// The command line of docker gives each container the proxies of its own settings, often with a password in them.
    /// What is named here wins over those, and an empty one counts as none.
    private static let proxyVariables = ["HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY"]

    private var environment: [String] {
        let own = [
            "HOME=\(Self.home)", "USER=coderunner", "LOGNAME=coderunner", "TERM=dumb",
            // Both are for speed: every bash would look the shell up in /etc/passwd and load twelve files for LANG.
            "SHELL=/bin/bash", "LANG=C", "LC_CTYPE=C.UTF-8",
            "PYTHONPATH=/tools", "PYTHONUNBUFFERED=1", "PYTHONDONTWRITEBYTECODE=1", "MPLBACKEND=Agg",
            "MCP_ARTIFACT_SIZE_LIMIT_MB=\(limits.artifactMebibytes)",
            // Otherwise numpy starts a thread for each processor of the host, whatever share of them there is.
            "OMP_NUM_THREADS=\(threads)", "OPENBLAS_NUM_THREADS=\(threads)",
            // Where there is room, and where it lasts as long as the workspace. The wheels themselves need not.
            "PYTHONUSERBASE=\(Self.store)", "PIP_NO_CACHE_DIR=1", "JOBLIB_TEMP_FOLDER=/dev/shm",
            // The workspace itself belongs to nobody inside, which git takes for a trap.
            "GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=safe.directory", "GIT_CONFIG_VALUE_0=*",
        ]
        let caches = configuration.hasWayOut ? ["XDG_CACHE_HOME=\(Self.store)/cache"] : []
        let proxies = Self.proxyVariables.flatMap { ["\($0)=\(proxy($0))", "\($0.lowercased())=\(proxy($0))"] }
        return (own + caches + proxies).flatMap { ["--env", $0] }
    }

    /// The value of a proxy variable.
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

    /// The owner of a directory of the host has artifacts of its own: files of another account could not be replaced.
    private var artifactVolume: String {
        let isUsers = account == .common || account == Account(of: user)
        return volume(isUsers ? "artifacts" : "artifacts-\(account.user)")
    }

    /// The names of the volumes that a user may have.
    static func volumes(of user: UserID, in configuration: SandboxConfiguration) -> [String] {
        let account = Accounts().account(of: user, in: configuration)
        return ["workspace", "artifacts", "artifacts-\(account.user)"].map { volume($0, of: user) }
    }

    /// A field of the comma-separated value that `--mount` takes; the engine reads it as CSV.
    private static func quotedField(_ field: String) -> String {
        // By bytes: with a combining mark behind it, a comma is no comma to Swift, and is one to the engine.
        let special = [UInt8(ascii: ","), UInt8(ascii: "\""), UInt8(ascii: "\n"), UInt8(ascii: "\r")]
        guard field.utf8.contains(where: special.contains) else { return field }
        let doubled = field.utf8.flatMap { $0 == UInt8(ascii: "\"") ? [$0, $0] : [$0] }
        return "\"" + String(decoding: doubled, as: UTF8.self) + "\""
    }
}
