import SystemCalls
import TestSupport
import Testing

@Suite struct ExecutablesTests {
    @Test func findsTheFirstOnThePathThatCanBeRun() throws {
        let (first, second) = (try TemporaryDirectory(), try TemporaryDirectory())
        try first.write("x", to: "tool")
        let tool = try second.write("x", to: "tool", mode: 0o755)
        #expect(Executables.find("tool", on: "\(first.path):\(second.path)") == tool)
        #expect(Executables.find(tool, on: nil) == tool)
        #expect(Executables.find("\(first.path)/tool", on: nil) == nil)
        #expect(Executables.find("", on: second.path) == nil)
        #expect(Executables.find("tool", on: first.path) == nil)
        #expect(Executables.find("sh", on: nil) != nil)
    }

    @Test func looksInNoRelativeDirectory() {
        #expect(Executables.searchPath(":/usr/bin::.:bin:/bin:") == ["/usr/bin", "/bin"])
    }

    @Test func knowsItsOwnProgram() throws {
        let path = try #require(Executables.ownPath)
        #expect(path.hasPrefix("/"))
        #expect(Files.isExecutable(path))
        #expect(Files.currentDirectory == Files.realPath("."))
    }
}
