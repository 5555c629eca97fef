import Testing

@testable import MCPServers

@Suite struct ToolNamesTests {
    @Test func leavesNamesThatFitAsTheyAre() {
        let names = ToolNames([("exec", ["execute_bash", "read-file"]), ("other", ["Weather2"])])
        #expect(names.names == [["execute_bash", "read-file"], ["Weather2"]])
        #expect(names.places["Weather2"] == ToolNames.Place(server: 1, name: "Weather2"))
    }

    @Test func putsTheServersNameBeforeOneThatIsTaken() {
        let names = ToolNames([("exec", ["read"]), ("my files", ["read", "list"]), ("c", ["list", "read"])])
        #expect(names.names == [["read"], ["my_files_read", "list"], ["c_list", "c_read"]])
        #expect(names.places["my_files_read"] == ToolNames.Place(server: 1, name: "read"))
        #expect(names.places["read"] == ToolNames.Place(server: 0, name: "read"))
    }

    @Test func makesAnyNameFit() {
        let long = String(repeating: "x", count: 100)
        let tools = ["a.b/c", "a b c", "a_b_c", "日本", "", long, long + "y", long + "z"]
        let names = ToolNames([("s", tools)])
        #expect(Set(names.names[0]).count == tools.count)
        #expect(names.names[0].prefix(3) == ["a_b_c", "s_a_b_c", "s_a_b_c_2"])
        for (name, tool) in zip(names.names[0], tools) {
            #expect(name.wholeMatch(of: /[a-zA-Z0-9_-]{1,64}/) != nil)
            #expect(names.places[name] == ToolNames.Place(server: 0, name: tool))
        }
    }

    @Test func isQuickForManyNamesThatBecomeTheSame() {
        let names = ToolNames([("s", (0..<10_000).map { String(repeating: "x", count: 64) + "\($0)" })])
        #expect(Set(names.names[0]).count == 10_000)
    }
}
