import Testing

@testable import OpenAI

@Suite struct ToolNameTests {
    private let known = ["execute_bash", "read_file", "exec-mcp_read", "list", "Weather", "weather2"]

    @Test(arguments: [
        "execute_bash", "execute_bash:0", "functions.execute_bash:3", "functions.execute_bash",
        "functions_execute_bash",
        "functions:execute_bash", "function.execute_bash", "tools/execute_bash", "tool_execute_bash", "execute-bash",
        "Execute_Bash", "EXECUTE_BASH", "executeBash", "ExecuteBash", "execute bash", "mcp__exec__execute_bash",
        "mcp__exec-mcp__execute_bash", "MCP__Exec__Execute-Bash:12", " execute_bash", "execute_bash  \n",
        "\"execute_bash\"",
        "`execute_bash`", "execute_bash()", "execute_bash<|channel|>commentary", "<|channel|>execute_bash",
        "functions.execute_bash <|constrain|>json", "to=functions.execute_bash", "default_api.execute_bash",
        "functions.functions.execute_bash", "execute_bash<|channel|>json<|message|>", "**execute_bash**",
        "execute_bash,",
        "commentary to=functions.execute_bash", "functions.Execute_Bash:0 ", "mcp_exec_execute_bash",
        "mcp_exec-mcp_execute_bash", "mcp-exec-execute_bash", "mcp__exec_mcp_execute_bash", "MCP.exec.execute_bash:4",
        "functions.mcp_exec_execute_bash", "exec-mcp_execute_bash", "exec_mcp.execute_bash", "execute_bash_mcp_exec",
        "execute_bash_mcp_exec-mcp", "mcp__a__b__execute_bash", "`mcp_exec_execute_bash`()",
    ])
    func aToolIsMeant(name: String) {
        #expect(ToolName.meant(by: name, among: known) == "execute_bash")
    }

    @Test(arguments: [
        "execute", "bash", "delete_list", "os.list", "execute_bash_2", "execute_bash read_file", "mcp__exec__",
        "functions.",
        "mcp__list", "", " ", ":0", "unknown:0", "functions_", "read_file2", "mylist", "list.execute_bash", "weathers",
        "mcp_list", "mcp_exec_", "mcp_exec_unknown", "exec_execute_bash", "list_mcp", "re_mcp_lists", "mcp_mcp",
        String(repeating: "functions.", count: 90) + "list", String(repeating: "x ", count: 500) + "list",
    ])
    func noToolIsMeant(name: String) {
        #expect(ToolName.meant(by: name, among: known) == name)
    }

    @Test func ofNamesThatAreAlikeTheOneThatIsWrittenIsMeant() {
        let known = ["read-file", "read_file", "Run", "run"]
        for name in known { #expect(ToolName.meant(by: "functions.\(name):1", among: known) == name) }
        for name in ["ReadFile", "RUN", "READ_FILE2"] { #expect(ToolName.meant(by: name, among: known) == name) }
        #expect(ToolName.meant(by: "READ_FILE", among: known) == "read_file")
    }

    @Test(arguments: ["mcp_a_b_run", "run_mcp_a", "mcp_exec_go-run"])
    func behindAServerATwofoldNameIsNone(name: String) {
        let known = ["b_run", "run", "go_run", "go-run"]
        let meant = ToolName.meant(by: name, among: known)
        #expect(meant == (name == "run_mcp_a" ? "run" : name))
    }
}
