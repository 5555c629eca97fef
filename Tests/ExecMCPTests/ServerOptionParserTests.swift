import CommandOptions
import Diagnostics
import ExecCore
import PrivateData
import TestSupport
import Testing

@testable import ExecMCP

/// One option's good value, and what it changes.
struct OptionCase: Sendable, CustomTestStringConvertible {
    let flag: String
    let variable: String
    let value: String
    /// What the option needs beside it.
    let others: [String]
    let change: @Sendable (inout Options) -> Void

    init(
        _ flag: String, _ variable: String, _ value: String, with others: [String] = [],
        _ change: @escaping @Sendable (inout Options) -> Void
    ) {
        self.flag = flag
        self.variable = variable
        self.value = value
        self.others = others
        self.change = change
    }

    var testDescription: String { "\(flag) \(value)" }
}

@Suite struct ServerOptionParserTests {
    private static let servers = ["--mcp-config", "/etc/a.json"]
    static let goodValues = [
        OptionCase("--image", "MCP_EXECUTOR_IMAGE", "registry.example:5000/a/b:1.2@sha256:0") {
            $0.configuration.image = "registry.example:5000/a/b:1.2@sha256:0"
        },
        OptionCase("--engine", "MCP_EXECUTOR_ENGINE", "/opt/podman") { $0.engine = "/opt/podman" },
        OptionCase("--user", "MCP_EXECUTOR_USER", "ann") { $0.user = UserID("ann") ?? $0.user },
        OptionCase("--tools", "MCP_TOOLS_PATH", "/usr/../usr/lib") { $0.configuration.toolsDirectory = "/usr/lib" },
        OptionCase("--skills", "MCP_SKILLS_PATH", "/usr/lib:/usr/share/") {
            $0.configuration.skillsDirectories = ["/usr/lib", "/usr/share"]
        },
        OptionCase("--tools", "MCP_TOOLS_PATH", "none") { $0.configuration.toolsDirectory = nil },
        OptionCase("--skills", "MCP_SKILLS_PATH", "none") { $0.configuration.skillsDirectories = [] },
        OptionCase("--workspace", "MCP_EXECUTOR_WORKSPACE", "persistent") { $0.configuration.workspace = .persistent },
        OptionCase("--workspace", "MCP_EXECUTOR_WORKSPACE", "ephemeral") { $0.configuration.workspace = .ephemeral },
        OptionCase("--workspace", "MCP_EXECUTOR_WORKSPACE", "/usr/lib/") {
            $0.configuration.workspace = .directory(path: "/usr/lib", user: $0.user)
        },
        OptionCase("--workspace-limit", "MCP_EXECUTOR_WORKSPACE_LIMIT", "64m") {
            $0.configuration.workspaceLimit = ByteCount(bytes: 64 << 20)
        },
        OptionCase("--allow-host", "MCP_EXECUTOR_ALLOW_HOST", "example.org:443") {
            $0.configuration.allowedHosts = [AllowedHost("example.org:443")].compactMap { $0 }
        },
        OptionCase("--network", "MCP_EXECUTOR_NETWORK", "bridge") { $0.configuration.network = "bridge" },
        OptionCase("--network", "MCP_EXECUTOR_NETWORK", "lab_1.x-y") { $0.configuration.network = "lab_1.x-y" },
        OptionCase("--mcp-config", "MCP_EXECUTOR_MCP_CONFIG", "/etc/a.json:/etc/b.json") {
            $0.mcpConfigFiles = ["/etc/a.json", "/etc/b.json"]
        },
        OptionCase("--mcp-prompt-budget", "MCP_EXECUTOR_MCP_PROMPT_BUDGET", "0") { $0.mcpPromptBudget = 0 },
        OptionCase("--bridge-record", "MCP_EXECUTOR_BRIDGE_RECORD", "/tmp/a.jsonl", with: servers) {
            $0.bridgeRecord = "/tmp/a.jsonl"
            $0.mcpConfigFiles = ["/etc/a.json"]
        },
        OptionCase("--bridge-replay", "MCP_EXECUTOR_BRIDGE_REPLAY", "/tmp/a.jsonl", with: servers) {
            $0.bridgeReplay = "/tmp/a.jsonl"
            $0.mcpConfigFiles = ["/etc/a.json"]
        },
        OptionCase("--pii", "MCP_EXECUTOR_PII", "all") { $0.privateData = .all },
        OptionCase("--pii", "MCP_EXECUTOR_PII", "found", with: servers) {
            $0.privateData = .found
            $0.mcpConfigFiles = ["/etc/a.json"]
        },
        OptionCase("--pii-pattern", "MCP_EXECUTOR_PII_PATTERN", #"emp=EMP-\d{6}"#, with: ["--pii", "all"]) {
            $0.privateData = .all
            $0.privateDataPatterns = [try? PrivateDataPattern(#"emp=EMP-\d{6}"#)].compactMap { $0 }
        },
        OptionCase("--runtime", "MCP_EXECUTOR_RUNTIME", "runsc") { $0.configuration.runtime = "runsc" },
        OptionCase("--memory", "MCP_EXECUTOR_MEMORY", "128m") {
            $0.configuration.memory = ByteCount(bytes: 128 << 20)
        },
        OptionCase("--cpus", "MCP_EXECUTOR_CPUS", "0.5") { $0.configuration.cpus = "0.5" },
        OptionCase("--pids", "MCP_EXECUTOR_PIDS", "32") { $0.configuration.pids = 32 },
        OptionCase("--max-timeout", "MCP_EXECUTOR_MAX_TIMEOUT", "86400") { $0.limits.maxTimeout = 86_400 },
        OptionCase("--output-limit", "MCP_EXECUTOR_OUTPUT_LIMIT", "1024") { $0.limits.output = 1024 },
        OptionCase("--artifact-limit-mb", "MCP_ARTIFACT_SIZE_LIMIT_MB", "1") { $0.limits.artifactMebibytes = 1 },
        OptionCase("--artifact-links", "MCP_EXECUTOR_ARTIFACT_LINKS", "text") { $0.artifactLinks = .text },
        OptionCase("--artifact-links", "MCP_EXECUTOR_ARTIFACT_LINKS", "link") { $0.artifactLinks = .link },
        OptionCase("--artifact-links", "MCP_EXECUTOR_ARTIFACT_LINKS", "none") { $0.artifactLinks = .omitted },
        OptionCase("--tools", "MCP_TOOLS_PATH", "file:///usr/lib") { $0.configuration.toolsDirectory = "/usr/lib" },
        OptionCase("--skills", "MCP_SKILLS_PATH", "/usr/share:file:///usr/lib:file://localhost/usr") {
            $0.configuration.skillsDirectories = ["/usr/share", "/usr/lib", "/usr"]
        },
        OptionCase("--engine", "MCP_EXECUTOR_ENGINE", "~/bin/podman") { $0.engine = Environment.home + "/bin/podman" },
        OptionCase("--python", "MCP_EXECUTOR_PYTHON", "instant") { $0.configuration.python = .instant },
        OptionCase("--idle-timeout", "MCP_EXECUTOR_IDLE_TIMEOUT", "0") { $0.limits.idleTimeout = 0 },
        OptionCase("--job-timeout", "MCP_EXECUTOR_JOB_TIMEOUT", "3600") { $0.limits.jobTimeout = 3600 },
        OptionCase("--linger", "MCP_EXECUTOR_LINGER", "600") { $0.limits.linger = 600 },
        OptionCase("--heartbeat", "MCP_EXECUTOR_HEARTBEAT", "600") { $0.limits.heartbeat = 600 },
        OptionCase("--engine-location", "MCP_EXECUTOR_ENGINE_LOCATION", "remote") { $0.engineLocation = .remote },
        OptionCase("--seal-channel", "MCP_EXECUTOR_SEAL_CHANNEL", "yes") { $0.configuration.sealsChannel = true },
        OptionCase("--launcher", "MCP_EXECUTOR_LAUNCHER", "srun --input=0") {
            $0.launcher = ["srun", "--input=0"]
            $0.configuration.workspace = .ephemeral
        },
        OptionCase("--start-timeout", "MCP_EXECUTOR_START_TIMEOUT", "900") { $0.limits.startTimeout = 900 },
        OptionCase("--max-sandboxes", "MCP_EXECUTOR_MAX_SANDBOXES", "1000") { $0.limits.maxSandboxes = 1000 },
        OptionCase("--picture-limit", "MCP_EXECUTOR_PICTURE_LIMIT", "10000") { $0.limits.pictureBytes = 10_000 },
        OptionCase("--no-build", "MCP_EXECUTOR_NO_BUILD", "yes") { $0.buildsImage = false },
        OptionCase("--prewarm", "MCP_EXECUTOR_PREWARM", "yes") { $0.prewarm = true },
        OptionCase("--prewarm-users", "MCP_EXECUTOR_PREWARM_USERS", "ann,b.b,ann") {
            $0.prewarmUsers = ["ann", "b.b"].compactMap { UserID($0) }
        },
        OptionCase("--metrics-file", "MCP_EXECUTOR_METRICS_FILE", "/var/lib/a.prom") {
            $0.metricsFile = "/var/lib/a.prom"
        },
        OptionCase("--audit-log", "MCP_EXECUTOR_AUDIT_LOG", "/var/log/calls") { $0.auditLog = "/var/log/calls" },
        OptionCase("--audit-log", "MCP_EXECUTOR_AUDIT_LOG", "~/calls") {
            $0.auditLog = Environment.home + "/calls"
        },
        OptionCase("--log-level", "MCP_EXECUTOR_LOG_LEVEL", "debug") { $0.logLevel = .debug },
    ]

    private let defaults: Options

    init() throws {
        defaults = Options(user: try #require(UserID("default")))
    }

    private func parse(_ arguments: [String], _ environment: [String: String] = [:]) throws(UsageError)
        -> ServerInvocation
    {
        try ServerOptionParser.parse(arguments, environment: environment, defaults: defaults)
    }

    private func refusal(_ arguments: [String], _ environment: [String: String] = [:]) -> String? {
        do {
            _ = try parse(arguments, environment)
            return nil
        } catch {
            return error.message
        }
    }

    @Test func anExecMCPThatAnotherOneStartedHasNoServersOfItsOwn() {
        let refusal = refusal(["--mcp-config", "/etc/a.json"], ["EXEC_MCP_BRIDGE_DEPTH": "1"])
        #expect(refusal?.hasPrefix("--mcp-config is given to an exec-mcp that another exec-mcp started") == true)
        #expect(self.refusal([], ["EXEC_MCP_BRIDGE_DEPTH": "1"]) == nil)
    }

    @Test func privateDataIsReplacedOnlyIfSomethingCanBe() throws {
        #expect(refusal(["--pii-pattern", "a=b"])?.hasPrefix("--pii-pattern needs --pii found or --pii all") == true)
        #expect(refusal(["--pii", "found"])?.hasPrefix("--pii found needs --mcp-config") == true)
        #expect(refusal(["--pii", "some"]) != nil)
        #expect(refusal(["--pii", "all", "--pii-pattern", "a=^b"])?.contains("anchor") == true)
        #expect(refusal(["--pii", "all", "--pii-pattern", "a=b", "--pii-pattern", "a=c"]) != nil)
        let invocation = try parse(["--pii", "all", "--pii-pattern", "a=b", "--pii-pattern", "c=d"])
        guard case .serve(let options) = invocation else { throw UsageError(message: "\(invocation)") }
        #expect(options.privateDataPatterns.map(\.kind.name) == ["a", "c"])
    }

    @Test func aRecordingNeedsServersAndIsNoReplay() {
        for flag in ["--bridge-record", "--bridge-replay"] {
            #expect(
                refusal([flag, "/tmp/x"])?.hasPrefix("--bridge-record and --bridge-replay need --mcp-config") == true)
            #expect(refusal(["--mcp-config", "/etc/a.json", flag, "/tmp/"]) != nil)
        }
        #expect(
            refusal(["--mcp-config", "/etc/a.json", "--bridge-record", "/tmp/x", "--bridge-replay", "/tmp/x"])
                == "--bridge-record and --bridge-replay exclude each other: a replay calls no server")
    }

    @Test(arguments: [
        ([], false), (["sh", "systemd"], false), (["exec-agent", "exec-mcp-build", "my-exec-mcp"], false),
        (["exec-mcp"], true), (["env", "sh", "exec-mcp", "systemd"], true),
    ])
    func soHasOneWhoseLauncherHidTheVariable(ancestors: [String], isRefused: Bool) {
        func refusal(_ arguments: [String]) -> String? {
            do {
                _ = try ServerOptionParser.parse(arguments, environment: [:], defaults: defaults) { ancestors }
                return nil
            } catch {
                return error.message
            }
        }
        let message = refusal(["--mcp-config", "/etc/a.json"])
        #expect(message?.hasPrefix("--mcp-config is given to an exec-mcp that another") == (isRefused ? true : nil))
        #expect(refusal([]) == nil)
    }

    @Test func goodValuesOfEveryOptionAreTried() {
        #expect(Set(ServerOption.all.map(\.flag)) == Set(Self.allGoodValues.map { $0.flag }))
    }

    private static let allGoodValues = goodValues + KubernetesOptionTests.goodValues

    @Test(arguments: allGoodValues)
    func takesAValueFromTheFlagOrTheVariable(option: OptionCase) throws {
        var expected = defaults
        option.change(&expected)
        #expect(try parse(option.others, [option.variable: option.value]) == .serve(expected))
        guard ServerOption.all.contains(where: { $0.flag == option.flag && $0.takesValue }) else {
            #expect(try parse(option.others + [option.flag]) == .serve(expected))
            return
        }
        #expect(try parse(option.others + [option.flag, option.value]) == .serve(expected))
        #expect(try parse(option.others + ["\(option.flag)=\(option.value)"]) == .serve(expected))
    }

    @Test func onlyAnInstantPythonThatIsPrewarmedImportsBeforeItsFirstProgram() throws {
        for (arguments, isAhead) in [
            (["--python", "instant", "--prewarm"], true), (["--python", "instant"], false), (["--prewarm"], false),
        ] {
            guard case .serve(let options) = try parse(arguments) else {
                Issue.record("\(arguments)")
                continue
            }
            #expect(options.configuration.preloadsPython == isAhead)
        }
    }

    @Test func aFlagWithoutAValueHasAVariableThatSaysYesOrNo() throws {
        var expected = defaults
        expected.prewarm = true
        for word in ["yes", "true", "1"] { #expect(try parse([], ["MCP_EXECUTOR_PREWARM": word]) == .serve(expected)) }
        for word in ["no", "false", "0"] {
            #expect(try parse([], ["MCP_EXECUTOR_PREWARM": word]) == .serve(defaults))
            #expect(try parse(["--prewarm"], ["MCP_EXECUTOR_PREWARM": word]) == .serve(expected))
        }
        #expect(refusal(["--prewarm=yes"]) == "--prewarm takes no value")
        #expect(refusal([], ["MCP_EXECUTOR_PREWARM": "on"])?.hasPrefix("MCP_EXECUTOR_PREWARM does not accept") == true)
    }

    @Test func expectedUsersMustAllHaveRoom() throws {
        let two = ["--max-sandboxes", "2", "--prewarm-users"]
        // The user of the server is one of them, named or not.
        for users in ["ann", "ann,ann", "ann,default"] { #expect(refusal(two + [users]) == nil) }
        #expect(
            refusal(two + ["ann,bob"])
                == "--prewarm-users and --user name 3 users, but --max-sandboxes is 2: raise it, or name fewer")
        #expect(refusal(["--prewarm-users", "ann,bob", "--user", "ann", "--max-sandboxes", "2"]) == nil)
    }

    @Test func aDirectoryIsNoWorkspaceOfExpectedUsers() throws {
        #expect(refusal(["--workspace", "/usr/lib", "--user", "ann", "--prewarm-users", "ann"]) == nil)
        let message = refusal(["--workspace", "/usr/lib", "--user", "ann", "--prewarm-users", "ann,bob"])
        #expect(message?.hasPrefix("--prewarm-users names bob, but the directory given to --workspace is for") == true)
    }

    @Test func noneIsNoDirectoryThoughOneIsThere() throws {
        var defaults = defaults
        defaults.configuration.toolsDirectory = "/usr/lib"
        defaults.configuration.skillsDirectories = ["/usr/lib", "/usr/share"]
        guard
            case .serve(let options) = try ServerOptionParser.parse(
                ["--tools", "none"], environment: ["MCP_SKILLS_PATH": "none"], defaults: defaults)
        else {
            Issue.record("does not serve")
            return
        }
        #expect(options.configuration.toolsDirectory == nil)
        #expect(options.configuration.skillsDirectories.isEmpty)
        for value in ["None", "none:/usr/lib", "./none"] { #expect(refusal(["--skills", value]) != nil, "\(value)") }
    }

    @Test(arguments: [
        ([], 256), (["--runtime", "runsc"], 4096), (["--runtime", "runsc", "--pids", "300"], 300),
        (["--pids", "300", "--runtime", "runsc"], 300),
    ])
    func aRuntimeHasRoomForItsOwnProcessesUnlessTheyAreNamed(arguments: [String], pids: Int) throws {
        guard case .serve(let options) = try parse(arguments) else {
            Issue.record("does not serve")
            return
        }
        #expect(options.configuration.pids == pids)
    }

    @Test func keepsTheDefaultsWhereNothingIsSaid() throws {
        #expect(try parse([]) == .serve(defaults))
        #expect(try parse([], ["MCP_EXECUTOR_IMAGE": "", "MCP_EXECUTOR_PIDS": "", "OTHER": "x"]) == .serve(defaults))
    }

    @Test func aFlagBeatsItsVariableAndTheLastFlagTheFirst() throws {
        var expected = defaults
        expected.configuration.pids = 77
        #expect(try parse(["--pids", "77"], ["MCP_EXECUTOR_PIDS": "88"]) == .serve(expected))
        #expect(try parse(["--pids", "66", "--pids=77"]) == .serve(expected))
    }

    @Test func allowedHostsAddUpAndAreRefusedWhereThereIsANetwork() throws {
        var expected = defaults
        expected.configuration.allowedHosts = ["a.example:1", "b.example:2", "c.example:3"].compactMap {
            AllowedHost($0)
        }
        let flags = ["--allow-host", "a.example:1,b.example:2", "--allow-host=C.example:3"]
        #expect(try parse(flags, ["MCP_EXECUTOR_ALLOW_HOST": "d.example:4"]) == .serve(expected))
        #expect(try parse([], ["MCP_EXECUTOR_ALLOW_HOST": "a.example:1 b.example:2,c.example:3"]) == .serve(expected))
        for arguments in [flags + ["--network", "bridge"], ["--network", "bridge"] + flags] {
            #expect(refusal(arguments)?.hasPrefix("--allow-host works only with --network none") == true)
        }
        let tooMany = (1...65).map { "host-\($0).example:443" }.joined(separator: ",")
        #expect(refusal(["--allow-host", tooMany])?.hasPrefix("--allow-host does not accept '") == true)
    }

    @Test(arguments: [["--user", "bob", "--workspace", "/usr/lib"], ["--workspace", "/usr/lib", "--user", "bob"]])
    func aDirectoryIsTheWorkspaceOfTheUserWhateverTheOrder(arguments: [String]) throws {
        guard case .serve(let options) = try parse(arguments) else {
            Issue.record("does not serve")
            return
        }
        let user = try #require(UserID("bob"))
        #expect(options.configuration.workspace == .directory(path: "/usr/lib", user: user))
    }

    @Test(arguments: [
        ("--image", ["", "-x", "a b", "é", "a;b", "a\nb", String(repeating: "x", count: 256)]),
        ("--engine", ["", "-x", "--image"]), ("--user", ["", "a b", "../x", "-a", "é"]),
        ("--tools", ["", "/nonexistent", "/etc/passwd"]), ("--skills", ["", ":", "/usr/lib:/nonexistent"]),
        ("--workspace", ["", "/", "/usr/..", "temporary", "/nonexistent", "/etc/passwd", "Persistent"]),
        ("--workspace-limit", ["", "0", "1m", "2t", "-1g"]),
        ("--network", ["", "host", "-x", "a b", "container:x/y"]), ("--runtime", ["", "-x", "a b"]),
        (
            "--allow-host",
            ["", ",", "example.org", "localhost:80", "10.0.0.1:80", "a.example:1,b", "*.example.org:443"]
        ),
        ("--memory", ["", "0", "127m", "1", "1t", "much"]),
        ("--cpus", ["", "0", "0.001", "-1", "1e3", ".", "1.2.3", "nan", "inf", "5000"]),
        ("--pids", ["", "31", "1000001", "-1", "+64", "6.5", "0x40", "٦٤", "99999999999999999999"]),
        ("--max-timeout", ["0", "86401"]), ("--output-limit", ["1023", "1048577"]),
        ("--picture-limit", ["", "0", "9999", "4000001", "None", "1m"]),
        ("--artifact-limit-mb", ["0", "1025"]), ("--artifact-links", ["", "links", "LINK", "omitted"]),
        ("--idle-timeout", ["-1", "604801"]),
        ("--launcher", ["", " ", "-x", "srun 'a", "srun\\", "a\nb"]), ("--start-timeout", ["4", "86401", "1m"]),
        ("--linger", ["-1", "86401", "1m"]), ("--job-timeout", ["-1", "2592001", "1.5"]),
        ("--max-sandboxes", ["0", "1001"]), ("--prewarm-users", ["", ",", "ann,", "ann bob", "ann,../x"]),
        ("--audit-log", ["", "-x", "/tmp/", "~/"]),
        ("--metrics-file", ["", "/tmp/a.txt", "/tmp/a.prom/", "-x.prom"]),
        ("--log-level", ["", "warn", "INFO"]),
    ])
    func refusesABadValueAndSaysWhatIsTaken(flag: String, values: [String]) throws {
        let option = try #require(ServerOption.all.first { $0.flag == flag })
        for value in values {
            let message = try #require(refusal([flag, value]), "\(value) was taken")
            #expect(message.hasPrefix("\(flag) does not accept '"))
            #expect(message.hasSuffix(": expected \(option.accepts)"))
            #expect(!message.contains("\n"))
            // An empty variable counts as none.
            guard !value.isEmpty else { continue }
            #expect(refusal([], [option.variable: value])?.hasPrefix("\(option.variable) does not accept '") == true)
        }
    }

    @Test(arguments: ["--unknown", "--imag", "-i", "serve", "", "--", "--IMAGE", "--unknown=1", "a\nb"])
    func refusesAnUnknownArgument(argument: String) throws {
        let message = try #require(refusal([argument, "x"]))
        #expect(message.hasPrefix("unknown argument '"))
        #expect(message.contains("--help"))
        #expect(!message.contains("\n"))
    }

    @Test(arguments: ServerOption.all.filter(\.takesValue).map(\.flag))
    func saysThatAValueIsMissing(flag: String) throws {
        let message = try #require(refusal([flag]))
        #expect(message.hasPrefix("\(flag) needs a value: "))
    }

    @Test(arguments: [
        (["--help"], ServerInvocation.help), (["-h"], .help), (["help"], .help), (["--version"], .version),
        (["version"], .version), (["--pids", "64", "--help"], .help),
    ])
    func helpsPeople(arguments: [String], invocation: ServerInvocation) throws {
        #expect(try parse(arguments) == invocation)
    }
}
