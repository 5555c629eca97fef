/// One sandbox's container, and the arguments that make the engine start it.
///
/// The hardening is not a setting: every container gets all of it.
struct ContainerDescription: Sendable, Equatable {
    /// The user inside, unless the workspace is a directory of another's.
    static let defaultUser: UInt32 = 1000
    static let home = "/home/coderunner"

    let name: String
    let user: UserID
    let owner: Owner
    let configuration: SandboxConfiguration
    let limits: Limits
    /// Whether a mark says that its pipes are held, though its owner may be gone.
    var isMarked = false

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
        return ["--interactive", "--rm", "--name", name, "--hostname", "sandbox", "--pull", "never"]
            + labels.flatMap { ["--label", "\($0.name)=\($0.value)"] }
    }

    private var hardening: [String] {
        var arguments = [
            // Otherwise the engine writes every byte of the channel to a log on disk as well.
            "--log-driver", "none",
            "--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges",
            "--network", configuration.network, "--ipc", "private", "--ulimit", "core=0",
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
            mounts.append(["type=volume", "source=\(volume("artifacts"))", "target=/artifacts"])
        case .directory(let path, _):
            mounts.append(["type=bind", "source=\(path)", "target=/workspace"])
            mounts.append(["type=volume", "source=\(volume("artifacts"))", "target=/artifacts"])
        case .ephemeral:
            break
        }
        if let tools = configuration.toolsDirectory {
            mounts.append(["type=bind", "source=\(tools)", "target=/tools", "readonly"])
        }
        for mount in SkillMount.mounts(of: configuration.skillsDirectories) {
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
        ]
        let proxies = Self.proxyVariables.flatMap { ["\($0)=\(proxy($0))", "\($0.lowercased())=\(proxy($0))"] }
        return (own + proxies).flatMap { ["--env", $0] }
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

    /// The names of the volumes that a user may have.
    static func volumes(of user: UserID) -> [String] {
        ["workspace", "artifacts"].map { volume($0, of: user) }
    }

    /// The ids to run under: the owner's of a directory that the workspace is, so that files in it stay theirs, but
    /// never root's.
    private var account: (user: UInt32, group: UInt32) {
        if case .directory(let path, _) = configuration.workspace, let owner = Files.owner(of: path), owner.user != 0 {
            return owner
        }
        return (Self.defaultUser, Self.defaultUser)
    }

    /// A field of the comma-separated value that `--mount` takes; the engine reads it as CSV.
    private static func quotedField(_ field: String) -> String {
        guard field.contains(where: { $0 == "," || $0 == "\"" || $0.isNewline }) else { return field }
        return "\"" + field.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
    }
}
