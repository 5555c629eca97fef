import Foundation
import TestSupport
import Testing

@testable import ExecCore

@Suite struct DockerArgumentsTests {
    private static let owner = Owner(host: "h", boot: "b", pidNamespace: "4026531836", pid: 77, startTime: "123")

    private func arguments(
        limits: Limits = Limits(), _ change: (inout SandboxConfiguration) -> Void = { _ in }
    ) throws -> [String] {
        var configuration = SandboxConfiguration()
        change(&configuration)
        let user = try #require(UserID("ann"))
        let spec = SandboxSpec(
            name: "mcp-executor-ann-0", user: user, owner: Self.owner,
            account: Accounts().account(of: user, in: configuration), configuration: configuration, limits: limits)
        return DockerArguments(container: spec.container).all
    }

    private static let identity = [
        "--interactive", "--rm", "--name", "mcp-executor-ann-0", "--hostname", "sandbox",
        "--add-host", "sandbox:127.0.0.1", "--pull", "never",
        "--label", "io.exec-mcp.host=h", "--label", "io.exec-mcp.boot=b",
        "--label", "io.exec-mcp.pid-namespace=4026531836", "--label", "io.exec-mcp.pid=77",
        "--label", "io.exec-mcp.start-time=123", "--label", "io.exec-mcp.user=ann",
    ]

    @Test func aMarkedOneSaysSoAndIsOtherwiseTheSame() throws {
        var spec = SandboxSpec(
            name: "mcp-executor-ann-0", user: try #require(UserID("ann")), owner: Self.owner,
            account: Account(user: 7, group: 7), configuration: SandboxConfiguration(), limits: Limits())
        let plain = DockerArguments(container: spec.container)
        spec.isMarked = true
        let marked = DockerArguments(container: spec.container)
        let label = ["--label", "io.exec-mcp.linger=\(geteuid())/mcp-executor-ann-0"]
        #expect(marked.all == Self.identity + label + marked.withoutIdentity)
        #expect(plain.all == Self.identity + marked.withoutIdentity)
    }

    private static func hardening(network: String = "none", account: String = "43565:43565") -> [String] {
        [
            "--log-driver", "none", "--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges",
            "--network", network, "--ipc", "private", "--ulimit", "core=0", "--ulimit", "nofile=1024:4096",
            "--stop-signal", "SIGKILL", "--user", account, "--workdir", "/",
        ]
    }

    private static func memory(_ path: String, _ size: Int) -> [String] {
        ["--tmpfs", "\(path):rw,exec,nosuid,nodev,size=\(size),mode=1777"]
    }

    private static let memoryDirectories =
        memory("/tmp", 268_435_456) + memory("/home/coderunner", 134_217_728) + memory("/output", 134_217_728)
        + memory("/run/exec-mcp", 1_048_576)

    private static func environment(threads: Int = 1, cache: [String] = []) -> [String] {
        let own = [
            "HOME=/home/coderunner", "USER=coderunner", "LOGNAME=coderunner", "TERM=dumb", "SHELL=/bin/bash", "LANG=C",
            "LC_CTYPE=C.UTF-8", "PYTHONPATH=/tools", "PYTHONUNBUFFERED=1", "PYTHONDONTWRITEBYTECODE=1",
            "MPLBACKEND=Agg", "MCP_ARTIFACT_SIZE_LIMIT_MB=50", "OMP_NUM_THREADS=\(threads)",
            "OPENBLAS_NUM_THREADS=\(threads)", "PYTHONUSERBASE=/workspace/.sandbox", "PIP_NO_CACHE_DIR=1",
            "JOBLIB_TEMP_FOLDER=/dev/shm", "GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=safe.directory",
            "GIT_CONFIG_VALUE_0=*",
        ]
        let proxies = [
            "HTTP_PROXY=", "http_proxy=", "HTTPS_PROXY=", "https_proxy=",
            "FTP_PROXY=", "ftp_proxy=", "NO_PROXY=", "no_proxy=", "ALL_PROXY=", "all_proxy=",
        ]
        return (own + cache + proxies).flatMap { ["--env", $0] }
    }

    private static func program(image: String = "mcp-code-executor:latest") -> [String] {
        [
            "--entrypoint", "python3", image, "-I", "-S", "-X", "utf8", "-c",
            "import select,sys;select.select([0],[],[],60)[0]and exec(sys.stdin.buffer.raw.readline())",
        ]
    }

    private static let volumes = [
        "--mount", "type=volume,source=mcp-executor-ann-workspace,target=/workspace",
        "--mount", "type=volume,source=mcp-executor-ann-artifacts,target=/artifacts",
    ]

    private static let limits = [
        "--memory", "1073741824", "--memory-swap", "1073741824", "--cpus", "1", "--pids-limit", "256",
        "--shm-size", "536870912",
    ]

    @Test func describesADefaultSandbox() throws {
        let expected =
            Self.identity + Self.hardening() + Self.limits + Self.memoryDirectories + Self.volumes + Self.environment()
            + Self.program()
        #expect(try arguments() == expected)
    }

    @Test func describesASandboxInMemory() throws {
        let expected =
            Self.identity + Self.hardening() + Self.limits + Self.memoryDirectories
            + Self.memory("/workspace", 536_870_912) + Self.memory("/artifacts", 268_435_456) + Self.environment()
            + Self.program()
        #expect(try arguments { $0.workspace = .ephemeral } == expected)
    }

    @Test func describesASandboxWithEverythingSet() throws {
        let arguments = try arguments {
            $0.image = "registry.example:5000/team/image@sha256:0"
            $0.network = "lab"
            $0.runtime = "runsc"
            $0.memory = ByteCount(bytes: 1 << 30)
            $0.cpus = "2.5"
            $0.pids = 99
            $0.toolsDirectory = "/srv/tools"
            $0.skillsDirectories = ["/srv/skills"]
        }
        let expected =
            Self.identity + Self.hardening(network: "lab") + ["--runtime", "runsc"]
            + ["--memory", "1073741824", "--memory-swap", "1073741824", "--cpus", "2.5", "--pids-limit", "99"]
            + ["--shm-size", "536870912"]
            + Self.memoryDirectories + Self.volumes
            + [
                "--mount", "type=bind,source=/srv/tools,target=/tools,readonly",
                "--mount", "type=bind,source=/srv/skills,target=/skills,readonly",
            ] + Self.environment(threads: 3, cache: ["XDG_CACHE_HOME=/workspace/.sandbox/cache"])
            + Self.program(image: "registry.example:5000/team/image@sha256:0")
        #expect(arguments == expected)
    }

    @Test func sharesTheMemoryLimitAmongTheDirectoriesInMemory() throws {
        let arguments = try arguments {
            $0.workspace = .ephemeral
            $0.memory = ByteCount(bytes: 512 << 20)
        }
        let sizes = arguments.compactMap { argument in
            argument.firstMatch(of: /^(\/[a-z\/]+):.*size=([0-9]+)/).map { "\($0.1) \($0.2)" }
        }
        #expect(
            sizes == [
                "/tmp 134217728", "/home/coderunner 67108864", "/output 67108864", "/workspace 268435456",
                "/artifacts 134217728",
            ])
    }

    @Test func tellsTheToolModulesTheLimitOfArtifacts() throws {
        var limits = Limits()
        limits.artifactMebibytes = 7
        #expect(try arguments(limits: limits).contains("MCP_ARTIFACT_SIZE_LIMIT_MB=7"))
    }

    @Test func runsUnderTheOwnerOfADirectoryThatIsTheWorkspace() throws {
        let directory = try TemporaryDirectory()
        let user = try #require(UserID("ann"))
        let isRoot = geteuid() == 0
        if isRoot { try #require(chown(directory.path, 4321, 8765) == 0) }
        let arguments = try arguments { $0.workspace = .directory(path: directory.path, user: user) }
        let (account, group) = isRoot ? (4321, 8765) : (geteuid(), getegid())
        #expect(arguments.contains("\(account):\(group)"))
        #expect(arguments.contains("type=bind,source=\(directory.path),target=/workspace"))
        #expect(arguments.contains("type=volume,source=mcp-executor-ann-artifacts-\(account),target=/artifacts"))
        #expect(!arguments.contains { $0.contains("mcp-executor-ann-workspace") })
    }

    @Test(arguments: ["/", "/nonexistent/directory"])
    func neverRunsAsRoot(path: String) throws {
        let user = try #require(UserID("ann"))
        let arguments = try arguments { $0.workspace = .directory(path: path, user: user) }
        let place = try #require(arguments.firstIndex(of: "--user"))
        #expect(arguments[place + 1] == "43565:43565")
        #expect(arguments.contains("type=volume,source=mcp-executor-ann-artifacts,target=/artifacts"))
    }

    @Test(arguments: [
        ("/a b/c'd", "source=/a b/c'd"), ("/a,b", "\"source=/a,b\""), ("/a\"b", "\"source=/a\"\"b\""),
        ("/a\nb", "\"source=/a\nb\""), ("/a,readonly=false,target=/etc", "\"source=/a,readonly=false,target=/etc\""),
        ("/a,\u{301}x", "\"source=/a,\u{301}x\""), ("/a\"\u{301}", "\"source=/a\"\"\u{301}\""),
        ("/a\r\u{20DD}b", "\"source=/a\r\u{20DD}b\""),
        ("/,\u{FE0F},\u{200D}\"\u{FE0F}", "\"source=/,\u{FE0F},\u{200D}\"\"\u{FE0F}\""),
        ("/--privileged", "source=/--privileged"), ("/$HOME`id`", "source=/$HOME`id`"),
    ])
    func keepsAPathOneFieldOfOneArgument(path: String, field: String) throws {
        let arguments = try arguments { $0.toolsDirectory = path }
        #expect(arguments.contains("type=bind,\(field),target=/tools,readonly"))
        #expect(arguments.count == (try self.arguments { $0.toolsDirectory = "/plain" }).count)
    }

    @Test(arguments: ["none", "bridge", "lab"])
    func hardensEverySandboxAlike(network: String) throws {
        let user = try #require(UserID("ann"))
        for workspace in [.persistent, .ephemeral, .directory(path: "/tmp", user: user)]
            as [SandboxConfiguration.Workspace]
        {
            let arguments = try arguments {
                $0.workspace = workspace
                $0.network = network
            }
            let joined = arguments.joined(separator: " ")
            for wanted in Self.hardening(network: network).joined(separator: " ").split(separator: " --") {
                #expect(joined.contains(wanted), "\(wanted)")
            }
            let forbidden = ["--privileged", "--cap-add", "--device", "--pid", "--userns", "--uts", "--volume", "-v"]
            for argument in arguments {
                #expect(!forbidden.contains(argument))
                #expect(!argument.contains("docker.sock"))
            }
        }
    }

    @Test func putsAllOptionsBeforeTheImage() throws {
        let arguments = try arguments()
        let image = try #require(arguments.firstIndex(of: "mcp-code-executor:latest"))
        #expect(arguments[(image + 1)...].elementsEqual(GuestProgram.interpreterArguments))
    }

    @Test func allowedHostsMeanAProxyOnTheLoopbackAndStillNoNetwork() throws {
        var configuration = SandboxConfiguration()
        configuration.allowedHosts = [try #require(AllowedHost("example.org:443"))]
        let arguments = try arguments { $0 = configuration }
        let variables = zip(arguments, arguments.dropFirst()).filter { $0.0 == "--env" }.map(\.1)
        for name in ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy"] {
            #expect(variables.filter { $0.hasPrefix(name + "=") } == ["\(name)=http://127.0.0.1:3128"])
        }
        #expect(variables.contains("NO_PROXY=localhost,127.0.0.1,::1"))
        #expect(variables.contains("ALL_PROXY="))
        #expect(variables.contains("ftp_proxy="))
        let network = try #require(arguments.firstIndex(of: "--network"))
        #expect(arguments[network + 1] == "none")
    }
}
