import Testing

@testable import SystemCalls

@Suite struct ProcessAncestorsTests {
    struct Case: Sendable {
        let status: String
        let name: String?
        var parent = 0
    }

    @Test(arguments: [
        Case(status: "12 (exec-mcp) S 7 12 12 0", name: "exec-mcp", parent: 7),
        Case(status: "12 (a) b) (c) R 1 1", name: "a) b) (c", parent: 1),
        Case(status: "12 () S 3 1", name: "", parent: 3), Case(status: "", name: nil), Case(status: "12 (x", name: nil),
        Case(status: ") x (", name: nil), Case(status: "12 (x) S", name: nil), Case(status: "12 (x) S y z", name: nil),
    ])
    func aStatusIsParsedWhateverTheNameHolds(given: Case) {
        let parsed = ProcessAncestors.parse(Array(given.status.utf8))
        #expect(parsed?.name == given.name)
        #expect(parsed?.parent ?? 0 == given.parent)
    }

    #if canImport(Glibc)
        @Test func theParentIsTheFirst() throws {
            let name = try #require(Files.read("/proc/\(getppid())/comm", limit: 64))
            #expect(ProcessAncestors.programNames.first.map { Array("\($0)\n".utf8) } == name)
        }
    #endif
}
