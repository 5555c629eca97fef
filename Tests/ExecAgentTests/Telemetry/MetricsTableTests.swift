import SystemCalls
import Telemetry
import TestSupport
import Testing

@testable import ExecAgent

/// The documented metrics are those that exist.
@Suite struct MetricsTableTests {
    private static let families = AgentFamilies.all + ServerFamilies.all

    private func text(_ path: String) throws -> String {
        String(decoding: try Files.contents(of: "\(Repository.path)/\(path)", limit: 1 << 20), as: UTF8.self)
    }

    @Test func namesFollowTheRules() {
        for family in AgentFamilies.all {
            #expect(family.name.contains(/^exec_agent_[a-z_]+$/), "\(family.name)")
            #expect(family.name.hasSuffix("_total") == (family.kind == .counter), "\(family.name)")
        }
        #expect(Set(Self.families.map(\.name)).count == Self.families.count)
    }

    @Test func theTablesNameEveryFamilyWithItsKindAndLabels() throws {
        let rows = try text("docs/metrics.md").matches(
            of: /^\| `(exec_\w+)` \| (\w+) \|([^|]*)\|/.anchorsMatchLineEndings())
        let documented = rows.map { row in
            "\(row.1) \(row.2) \(row.3.matches(of: /`(\w+)`/).map { String($0.1) })"
        }
        let actual = Self.families.map { "\($0.name) \($0.kind.rawValue) \($0.labels)" }
        #expect(documented.sorted() == actual.sorted())
    }

    @Test(arguments: ["grafana-dashboard.json", "alerts.yml"])
    func theExamplesNameOnlyMetricsThatExist(name: String) throws {
        let names = Set(
            try text("examples/observability/\(name)").matches(of: /\bexec_(?:agent|mcp)_\w+/).map { String($0.0) })
        #expect(!names.isEmpty)
        let known = Self.families.flatMap { family in
            family.kind == .histogram
                ? ["_bucket", "_sum", "_count"].map { family.name + $0 } : [family.name]
        }
        #expect(names.subtracting(known).isEmpty, "\(names.subtracting(known).sorted())")
    }
}
