import JSON
import TestSupport
import Testing

@testable import ExecCore

/// How the guest finds the limits of its control group, in trees as kernels make them.
@Suite(.timeLimit(.minutes(3))) struct GuestLimitsTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    private func limits(_ files: [String: String], groups: String) async throws -> JSON {
        for (name, content) in files { try directory.write(content + "\n", to: "cgroup/" + name) }
        try directory.write(groups, to: "groups")
        let output = try await GuestModules.run(
            "print(json.dumps(guest.limits.limits(*sys.argv[1:3])))",
            arguments: ["\(directory.path)/cgroup", "\(directory.path)/groups"])
        return try JSON.parse(Array(output.utf8))
    }

    private static let version1 = "4:memory:/docker/ab\n3:pids:/docker/ab\n1:cpu,cpuacct:/docker/ab\n"

    @Test(
        arguments: [
            (
                [
                    "cgroup.controllers": "cpu memory pids", "memory.max": "1073741824", "memory.swap.max": "0",
                    "pids.max": "256", "cpu.max": "50000 100000",
                ], "0::/\n", ["memory": 1_073_741_824, "swap": 0, "pids": 256, "cpus": 0.5]
            ),
            (
                [
                    "cgroup.controllers": "cpu memory pids", "memory.max": "max", "memory.swap.max": "max",
                    "pids.max": "max", "cpu.max": "max 100000",
                ], "0::/\n", ["memory": -1, "swap": -1, "pids": -1, "cpus": -1]
            ),
            // A rootless engine to whose user no controller was delegated.
            (["cgroup.controllers": ""], "0::/\n", ["memory": -1, "swap": .null, "pids": -1, "cpus": -1]),
            (
                [
                    "cgroup.controllers": "memory pids", "pids.max": "max", "a/b/cgroup.controllers": "memory pids",
                    "a/b/memory.max": "5000000", "a/b/pids.max": "7",
                ], "0::/a/b\n", ["memory": 5_000_000, "swap": .null, "pids": 7, "cpus": -1]
            ),
            (
                [
                    "memory/memory.limit_in_bytes": "1073741824", "memory/memory.memsw.limit_in_bytes": "1073741824",
                    "pids/pids.max": "256", "cpu/cpu.cfs_quota_us": "100000", "cpu/cpu.cfs_period_us": "100000",
                ], version1, ["memory": 1_073_741_824, "swap": 0, "pids": 256, "cpus": 1]
            ),
            (
                [
                    "memory/memory.limit_in_bytes": "9223372036854771712",
                    "memory/memory.memsw.limit_in_bytes": "9223372036854771712", "pids/tasks": "", "cpu/tasks": "",
                ], version1, ["memory": -1, "swap": -1, "pids": -1, "cpus": -1]
            ),
            (
                [
                    "memory/memory.limit_in_bytes": "9223372036854771712",
                    "memory/docker/ab/memory.limit_in_bytes": "6",
                    "pids/docker/ab/pids.max": "7", "cpu/cpu.cfs_quota_us": "-1",
                ], version1, ["memory": 6, "swap": .null, "pids": 7, "cpus": -1]
            ),
            (
                ["memory/memory.limit_in_bytes": "odd"], "0::/../x\n::\nodd",
                ["memory": .null, "swap": .null, "pids": .null, "cpus": .null]
            ),
            (["tasks": ""], "", ["memory": .null, "swap": .null, "pids": .null, "cpus": .null]),
        ] as [([String: String], String, JSON)])
    func findsThem(files: [String: String], groups: String, expected: JSON) async throws {
        let seen = try await limits(files, groups: groups)
        for name in ["memory", "swap", "pids", "cpus"] {
            #expect(seen[name]?.numberValue == expected[name]?.numberValue, "\(name): \(seen.text)")
        }
    }

    @Test func sayNothingWhereThereIsNoTree() async throws {
        let output = try await GuestModules.run("print(guest.limits.limits('/nonexistent', '/nonexistent')['memory'])")
        #expect(output == "None\n")
    }
}
