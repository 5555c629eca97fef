import ExecCore
import JSON
import Testing

@testable import ExecMCP

/// What the doctor makes of what was seen inside a sandbox.
@Suite struct InsideChecksTests {
    private static let sound: JSONObject = [
        "python": "3.13.5", "bash": "5.2", "uid": 1000, "capabilities": "0000000000000000", "no_new_privileges": "1",
        "seccomp": "2", "read_only_root": true, "process_1_open": false, "sockets": [], "interfaces": ["lo"],
        "limits": ["memory": 1_073_741_824, "swap": 0, "pids": 256, "cpus": 1.0],
        "workspace": ["writable": true, "free": 50_000_000_000], "artifacts": ["writable": true, "free": 1],
    ]

    private func finding(
        _ check: Check, _ changes: [String: JSON], _ configure: (inout Options) -> Void = { _ in }
    ) throws -> Finding {
        var facts = Self.sound
        for (key, value) in changes { facts[key] = value }
        var options = Options(user: try #require(UserID("default")))
        configure(&options)
        let inside = InsideChecks(
            options: options, facts: try #require(SandboxFacts(output: JSON.object(facts).text)),
            hints: EngineHints(listContainers: "docker ps --all", diskUsage: "docker system df"))
        return try #require(inside.findings.first { $0.check == check })
    }

    @Test(arguments: [Check.limits, .isolation, .network, .workspace])
    func passesASoundSandbox(check: Check) throws {
        #expect(try finding(check, [:]).status == .passed)
    }

    @Test(
        arguments: [
            ("uid", 0, "root"), ("capabilities", "00000000a80425fb", "capabilities"), ("capabilities", nil, "unknown"),
            ("no_new_privileges", "0", "gain privileges"), ("seccomp", "0", "system calls"),
            ("seccomp", nil, "system calls"),
            ("read_only_root", false, "written"), ("process_1_open", true, "process 1"),
            ("process_1_open", nil, "process 1"),
            ("sockets", ["docker.sock"], "docker.sock"),
        ] as [(String, JSON?, String)])
    func failsOneThatIsNotIsolated(key: String, value: JSON?, part: String) throws {
        let finding = try finding(.isolation, [key: value ?? .null])
        #expect(finding.status == .failed)
        #expect(finding.found.contains(part), "\(finding.found)")
        #expect(finding.remedy != nil)
    }

    @Test func aClusterThatDoesNotLimitProcessesIsToldWhereItCan() throws {
        let limits: JSON = ["memory": 1_073_741_824, "swap": 0, "pids": -1, "cpus": 1]
        let finding = try finding(.limits, ["limits": limits]) { $0.engine = "/usr/bin/kubectl" }
        #expect(finding.status == .warning)
        #expect(finding.remedy?.contains("podPidsLimit") == true)
        let unlimited: JSON = ["memory": -1, "swap": 0, "pids": -1, "cpus": 1]
        #expect(try self.finding(.limits, ["limits": unlimited]) { $0.engine = "kubectl" }.status == .failed)
    }

    @Test(
        arguments: [
            (["memory": -1, "pids": 256, "cpus": 1], ": no memory limit"),
            (["memory": 1_073_741_824, "pids": -1, "cpus": 1], ": no limit on processes"),
            (["memory": 1_073_741_824, "pids": 256, "cpus": -1], ": no limit on processors"),
            (["memory": 1_073_741_824, "pids": 256, "cpus": 2], ": 2 processors"),
            (["memory": 2_147_483_648, "pids": 512, "cpus": 1], ": 2g of memory, 512 processes"),
            (["memory": 1e300, "pids": 256, "cpus": 1], ": 1e+300 of memory"),
        ] as [(JSON, String)])
    func failsOneWhoseLimitsDoNotHold(limits: JSON, part: String) throws {
        let finding = try finding(.limits, ["limits": limits])
        #expect(finding.status == .failed)
        #expect(finding.found.contains(part), "\(finding.found)")
    }

    @Test func aKernelOfItsOwnNeedsNoFilterOfSystemCalls() throws {
        let isolation = try finding(.isolation, ["seccomp": "0", "own_kernel": "gVisor"])
        #expect(isolation.status == .passed)
        #expect(isolation.found.contains("its own kernel (gVisor)"))
        #expect(!isolation.found.contains("filtered"))
        let open = try finding(.isolation, ["seccomp": "0", "own_kernel": "gVisor", "read_only_root": false])
        #expect(open.status == .failed)
        #expect(!open.found.contains("filtered"))
    }

    @Test func warnsOfWhatCannotBeSeen() throws {
        #expect(try finding(.limits, ["limits": [:]]).status == .warning)
        #expect(try finding(.network, ["interfaces": .null]).status == .warning)
        let swap: JSON = ["memory": 1_073_741_824, "swap": 1_073_741_824, "pids": 256, "cpus": 1]
        #expect(try finding(.limits, ["limits": swap]).status == .warning)
    }

    @Test func holdsTheNetworkToWhatWasAsked() throws {
        #expect(try finding(.network, ["interfaces": ["eth0", "lo"]]).status == .failed)
        let bridge = try finding(.network, ["interfaces": ["eth0", "lo"]]) { $0.configuration.network = "bridge" }
        #expect(bridge.status == .passed)
        #expect(bridge.found == "bridge, as requested: eth0, lo")
    }

    @Test func looksAtTheWorkspacesDisk() throws {
        let closed: JSON = ["writable": false, "reason": "No space left on device"]
        #expect(try finding(.workspace, ["workspace": closed]).found.contains("No space left"))
        #expect(try finding(.workspace, ["artifacts": closed]).status == .failed)
        #expect(try finding(.workspace, ["workspace": ["writable": true, "free": 1000]]).status == .warning)
        let memory = try finding(.workspace, ["workspace": ["writable": true, "free": 1000]]) {
            $0.configuration.workspace = .ephemeral
        }
        #expect(memory.status == .passed)
    }

    @Test(arguments: ["", "nonsense", "[]", "{}", #"{"uid":"0"}"#])
    func takesNothingElseForFacts(output: String) {
        #expect(SandboxFacts(output: output) == nil)
    }
}
