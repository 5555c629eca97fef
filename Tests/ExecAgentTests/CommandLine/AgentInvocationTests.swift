import CommandOptions
import Diagnostics
import TestSupport
import Testing

@testable import ExecAgent

/// One option's good value, and what it changes.
struct AgentOptionCase: Sendable, CustomTestStringConvertible {
    let flag: String
    let variable: String
    let value: String
    let change: @Sendable (inout AgentOptions) -> Void

    init(
        _ flag: String, _ variable: String, _ value: String, _ change: @escaping @Sendable (inout AgentOptions) -> Void
    ) {
        self.flag = flag
        self.variable = variable
        self.value = value
        self.change = change
    }

    var testDescription: String { "\(flag)\(variable) \(value)" }
}

@Suite struct AgentInvocationTests {
    private static let environment = ["DEFAULT_MODEL": "m1", "OPENAI_API_KEY": "k1"]

    private func invocation(
        _ arguments: [String], _ environment: [String: String] = environment, isAtTerminal: Bool = true
    ) throws(UsageError) -> AgentInvocation {
        try AgentInvocation(arguments, environment: environment, isAtTerminal: isAtTerminal)
    }

    private func refusal(_ arguments: [String], _ environment: [String: String] = environment) -> String? {
        do {
            _ = try invocation(arguments, environment)
            return nil
        } catch {
            return error.message
        }
    }

    private var defaults: AgentOptions {
        var options = AgentOptions()
        options.model = "m1"
        options.key = "k1"
        return options
    }

    @Test func findsOutWhatIsWanted() throws {
        #expect(try invocation(["add 1 and 1"]) == .task("add 1 and 1", defaults))
        #expect(try invocation([]) == .conversation(defaults))
        #expect(try invocation([], isAtTerminal: false) == .task(nil, defaults))
        #expect(try invocation(["-"]) == .task(nil, defaults))
        #expect(try invocation(["--", "--help"]) == .task("--help", defaults))
        var service = defaults
        service.logLevel = .info
        service.approval = .page
        #expect(try invocation(["serve"]) == .serve(service))
        service.port = 1
        for arguments in [["serve", "--port", "1"], ["--port", "1", "serve"], ["--port=1", "serve"]] {
            #expect(try invocation(arguments) == .serve(service))
        }
        #expect(try invocation(["--", "serve"]) == .task("serve", defaults))
        for arguments in [["help"], ["--help"], ["serve", "--help"], ["task", "-h"]] {
            #expect(try invocation(arguments, [:]) == .help)
        }
        #expect(try invocation(["--version"], [:]) == .version)
        #expect(try invocation(["version"], [:]) == .version)
    }

    @Test(arguments: [
        (["one", "two"], "the task is one argument: put it in quotes"), ([" "], "the task is empty"),
        (["--json"], "--json needs a task"), (["--json=1", "x"], "--json takes no value"),
        (["a task", "serve"], "the task is one argument: put it in quotes"),
        (["--json", "serve"], "unknown argument '--json'; exec-agent --help lists the options"),
        (["serve", "now"], "unknown argument 'now'; exec-agent --help lists the options"),
        (["serve", "--output", "x"], "unknown argument '--output'; exec-agent --help lists the options"),
        (["--port", "1", "x"], "unknown argument '--port'; exec-agent --help lists the options"),
        (["--api-key", "k"], "unknown argument '--api-key'; exec-agent --help lists the options"),
    ])
    func refusesWhatItCannotDo(arguments: [String], message: String) {
        #expect(refusal(arguments) == message)
    }

    @Test func saysWhatToSetWhereSomethingIsMissing() throws {
        #expect(refusal(["x"], ["OPENAI_API_KEY": "k"]) == "no model is set: set DEFAULT_MODEL, or give --model NAME")
        let key = try #require(refusal(["x"], ["DEFAULT_MODEL": "m"]))
        #expect(key.contains("OPENAI_API_KEY"))
        #expect(key.contains("OPENAI_BASE_URL"))
        #expect(!key.contains("\n"))
        // Local servers take no key.
        #expect(refusal(["x"], ["DEFAULT_MODEL": "m", "OPENAI_BASE_URL": "http://localhost:1/v1"]) == nil)
    }

    static let goodValues = [
        AgentOptionCase("--model", "DEFAULT_MODEL", "a/b:7b") { $0.model = "a/b:7b" },
        AgentOptionCase("--base-url", "OPENAI_BASE_URL", "http://localhost:1/v1") {
            $0.baseURL = "http://localhost:1/v1"
        },
        AgentOptionCase("", "OPENAI_API_KEY", "sk-x") { $0.key = "sk-x" },
        AgentOptionCase("--model-timeout", "MODEL_TIMEOUT", "5") { $0.modelTimeout = 5 },
        AgentOptionCase("--images", "", "never") { $0.images = .never },
        AgentOptionCase("--mcp", "MCP_SERVER_COMMAND", "exec-mcp --network bridge") {
            $0.serverCommand = "exec-mcp --network bridge"
        },
        AgentOptionCase("--mcp-config", "", "servers.json") { $0.serverFiles = ["servers.json"] },
        AgentOptionCase("--user", "", "ann.b_c-1") { $0.user = "ann.b_c-1" },
        AgentOptionCase("--approve", "AGENT_APPROVE", "always") { $0.approval = .always },
        AgentOptionCase("--max-turns", "", "3") { $0.limits.turns = 3 },
        AgentOptionCase("--max-turns", "", "0") { $0.limits.turns = nil },
        AgentOptionCase("--max-tokens", "", "1000") { $0.limits.tokens = 1000 },
        AgentOptionCase("--max-seconds", "", "60") { $0.limits.seconds = 60 },
        AgentOptionCase("--max-seconds", "", "0") { $0.limits.seconds = nil },
        AgentOptionCase("--output", "", "out") { $0.output = "out" },
        AgentOptionCase("--history", "AGENT_HISTORY", "off") { $0.history = .off },
        AgentOptionCase("--history", "AGENT_HISTORY", "typed.txt") { $0.history = .file("typed.txt") },
        AgentOptionCase("--log-level", "AGENT_LOG_LEVEL", "debug") { $0.logLevel = .debug },
    ]

    static let goodServiceValues = [
        AgentOptionCase("--host", "AGENT_API_HOST", "::1") { $0.host = "::1" },
        AgentOptionCase("--host-names", "AGENT_API_HOST_NAMES", "a.example, b.example") {
            $0.hostNames = ["a.example", "b.example"]
        },
        AgentOptionCase("--port", "AGENT_API_PORT", "0") { $0.port = 0 },
        AgentOptionCase("--public-url", "AGENT_API_PUBLIC_URL", "https://agent.example/x/") {
            $0.publicURL = "https://agent.example/x"
        },
        AgentOptionCase("--artifact-links", "AGENT_API_ARTIFACT_LINKS", "none") { $0.linksArtifacts = false },
        AgentOptionCase("", "AGENT_API_KEYS", "0123456789abcdef, fedcba9876543210") {
            $0.clientKeys = ["0123456789abcdef", "fedcba9876543210"]
        },
        AgentOptionCase("", "AGENT_API_KEYS", "ann:0123456789abcdef,*bob:fedcba9876543210,:with:a:colon:abcd") {
            $0.clientKeys = ["ann:0123456789abcdef", "*bob:fedcba9876543210", ":with:a:colon:abcd"]
        },
        AgentOptionCase("--sessions", "AGENT_SESSIONS", "memory") { $0.sessions = .memory },
        AgentOptionCase("--sessions", "AGENT_SESSIONS", "/var/x") { $0.sessions = .directory("/var/x") },
        AgentOptionCase("--ui-detach", "AGENT_UI_DETACH", "5") { $0.detachSeconds = 5 },
        AgentOptionCase("--artifact-scripts", "AGENT_ARTIFACT_SCRIPTS", "never") { $0.artifactScripts = .never },
        AgentOptionCase("--session-timeout", "SESSION_TIMEOUT_SECONDS", "60") { $0.sessionTimeout = 60 },
        AgentOptionCase("--approve", "AGENT_APPROVE", "ask") { $0.approval = .ask },
        AgentOptionCase("--approve", "AGENT_APPROVE", "page") { $0.approval = .page },
        AgentOptionCase("--approve-timeout", "AGENT_APPROVE_TIMEOUT", "9") { $0.approvalTimeout = 9 },
    ]

    @Test func goodValuesOfEveryOptionAreTried() {
        let tried = Set((Self.goodValues + Self.goodServiceValues).map { $0.flag + $0.variable })
        let all = Set((AgentOptionTable.ofTask + AgentOptionTable.ofService).map { $0.flag + $0.variable })
        // These have tests of their own.
        #expect(all.subtracting(tried) == ["--json", "--plain", "--bridge", "--api-key-file", "--no-build"])
    }

    @Test(arguments: goodValues)
    func takesAValueFromTheFlagOrTheVariable(option: AgentOptionCase) throws {
        var expected = defaults
        option.change(&expected)
        if !option.flag.isEmpty {
            #expect(try invocation([option.flag, option.value, "x"]) == .task("x", expected))
        }
        if !option.variable.isEmpty {
            let environment = Self.environment.merging([option.variable: option.value]) { $1 }
            #expect(try invocation(["x"], environment) == .task("x", expected))
        }
    }

    @Test func flagsWithoutAValueAreTaken() throws {
        var expected = defaults
        expected.isPlain = true
        #expect(try invocation(["--plain", "x"]) == .task("x", expected))
        expected.isJSON = true
        #expect(try invocation(["--json", "--plain", "x"]) == .task("x", expected))
        expected.buildsImage = false
        #expect(try invocation(["--json", "--no-build", "--plain", "x"]) == .task("x", expected))
    }

    @Test func filesOfServersAddUpAndMayBeBridged() throws {
        var expected = defaults
        expected.serverFiles = ["a.json", "b.json"]
        #expect(try invocation(["--mcp-config", "a.json", "--mcp-config=b.json", "x"]) == .task("x", expected))
        expected.usesBridge = true
        let arguments = ["--bridge", "--mcp-config", "a.json", "--mcp-config", "b.json"]
        #expect(try invocation(arguments + ["x"]) == .task("x", expected))
        expected.logLevel = .info
        expected.approval = .page
        #expect(try invocation(["serve"] + arguments) == .serve(expected))
        for arguments in [["--bridge", "x"], ["serve", "--bridge"]] {
            #expect(refusal(arguments)?.contains("--bridge needs servers") == true)
        }
    }

    @Test func onlyAServiceHasAPage() {
        #expect(refusal(["--approve", "page", "x"]) == "--approve page is for exec-agent serve. Use --approve ask.")
    }

    @Test(arguments: goodServiceValues)
    func takesAValueForTheService(option: AgentOptionCase) throws {
        var expected = defaults
        expected.logLevel = .info
        expected.approval = .page
        option.change(&expected)
        if !option.flag.isEmpty { #expect(try invocation(["serve", option.flag, option.value]) == .serve(expected)) }
        let environment = Self.environment.merging([option.variable: option.value]) { $1 }
        #expect(try invocation(["serve"], environment) == .serve(expected))
    }

    @Test(arguments: [
        ("--model", ["", "a b", "a\u{7}"]), ("--base-url", ["", "localhost:1", "file:///etc", "http://a b"]),
        ("--model-timeout", ["0", "x", "1.5"]), ("--images", ["", "always"]), ("--mcp", ["", " "]),
        ("--mcp-config", [""]), ("--user", ["", "-a", "a b", "é", String(repeating: "a", count: 64)]),
        ("--max-turns", ["-1", "x", "1000001"]), ("--max-tokens", ["-1"]), ("--max-seconds", ["-1", "604801"]),
        ("--output", [""]), ("--history", [""]), ("--api-key-file", ["", "/nonexistent", "/dev/null"]),
        ("--log-level", ["loud"]),
    ])
    func refusesABadValue(flag: String, values: [String]) throws {
        for value in values {
            let message = try #require(refusal([flag, value, "x"]), "\(value) was taken")
            #expect(message.hasPrefix("\(flag) does not accept '"))
        }
    }

    @Test(arguments: [
        (
            "AGENT_API_KEYS",
            ["short", ",", "0123456789abcdef,short", "ann:short", "ann:0123456789abcdef,bob:0123456789abcdef"]
        ), ("AGENT_API_PORT", ["65536", "http"]),
        ("AGENT_API_HOST_NAMES", [",", "a:1", "http://a"]),
    ])
    func refusesABadVariableOfTheService(variable: String, values: [String]) {
        for value in values {
            let environment = Self.environment.merging([variable: value]) { $1 }
            let message = refusal(["serve"], environment)
            #expect(message?.hasPrefix("\(variable) does not accept ") == true)
            #expect(message?.contains("short") != true)
        }
    }

    @Test func otherMachinesAreNotLetInWithoutAKey() {
        for host in ["0.0.0.0", "::", "machine.example", "10.0.0.1"] {
            let message = refusal(["serve", "--host", host])
            #expect(message?.hasPrefix("\(host) accepts connections from other machines: set AGENT_API_KEYS") == true)
            let keys = Self.environment.merging(["AGENT_API_KEYS": "0123456789abcdef"]) { $1 }
            #expect(refusal(["serve", "--host", host], keys) == nil)
        }
        for host in ["localhost", "127.0.0.2", "::1"] { #expect(refusal(["serve", "--host", host]) == nil) }
    }

    @Test func aBadKeyIsNotShown() {
        let message = refusal(["x"], ["DEFAULT_MODEL": "m", "OPENAI_API_KEY": "secret word"])
        #expect(message == "OPENAI_API_KEY does not accept its value: expected a key without spaces")
    }

    @Test func readsTheKeyFromAFile() throws {
        let directory = try TemporaryDirectory()
        let file = try directory.write("sk-file\n", to: "key", mode: 0o600)
        guard case .task(_, let options) = try invocation(["--api-key-file", file, "x"]) else {
            Issue.record("no task")
            return
        }
        #expect(options.key == "sk-file")
    }
}
