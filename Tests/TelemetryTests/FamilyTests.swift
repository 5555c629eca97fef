import Testing

@testable import Telemetry

@Suite struct FamilyTests {
    @Test func namesFollowTheRules() {
        for family in ServerFamilies.all {
            #expect(family.name.contains(/^exec_mcp_[a-z_]+$/), "\(family.name)")
            #expect(family.name.hasSuffix("_total") == (family.kind == .counter), "\(family.name)")
            if family.kind == .histogram { #expect(family.name.hasSuffix("_seconds"), "\(family.name)") }
            #expect(family.labels.allSatisfy { $0.contains(/^[a-z_]+$/) && $0 != "le" && $0 != "server" })
            #expect(!family.help.hasSuffix("."), "\(family.name)")
            #expect(family.buckets == family.buckets.sorted(), "\(family.name)")
        }
        #expect(Set(ServerFamilies.all.map(\.name)).count == ServerFamilies.all.count)
    }
}
