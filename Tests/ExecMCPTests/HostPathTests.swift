import CommandOptions
import ExecCore
import SystemCalls
import TestSupport
import Testing

@testable import ExecMCP

@Suite struct HostPathTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
        try directory.write("", to: "data set/file")
        try directory.write("", to: "persistent/file")
    }

    private func workspace(_ value: String) throws -> SandboxConfiguration.Workspace {
        let invocation = try ServerOptionParser.parse(["--workspace", value], environment: [:], defaults: Options())
        guard case .serve(let options) = invocation else { throw UsageError(message: "does not serve") }
        return options.configuration.workspace
    }

    private func refusal(_ arguments: [String]) -> String? {
        do {
            _ = try ServerOptionParser.parse(arguments, environment: [:], defaults: Options())
            return nil
        } catch {
            return error.message
        }
    }

    @Test func takesAPathInEveryForm() throws {
        let path = try #require(Files.realPath(directory.path)) + "/data set"
        let encoded = path.replacing(" ", with: "%20")
        for form in [
            path, path + "/", path + "/../data set/.", "file://" + encoded, "file://localhost" + encoded + "/",
        ] {
            #expect(HostPath.directory(form) == path, "\(form)")
            #expect(HostPath.objection(to: form) == nil)
            #expect(try workspace(form) == .directory(path: path, user: .ofThisAccount), "\(form)")
        }
    }

    @Test(arguments: [".", "..", "./", "../..", "Sources"])
    func takesAPathThatIsRelative(form: String) throws {
        // Where the tests are started, which is the checkout.
        let path = try #require(Files.realPath(form))
        guard path != "/" else { return }
        #expect(try workspace(form) == .directory(path: path, user: .ofThisAccount))
    }

    @Test func theHomeDirectoryIsATilde() {
        #expect(HostPath.expanded("~") == Environment.home)
        #expect(HostPath.expanded("~/a b") == Environment.home + "/a b")
        for other in ["~a", "a/~", "", "file:", "file://elsewhere/usr", "file:///a%zz", "http:///usr"] {
            #expect(HostPath.expanded(other) == other)
        }
    }

    @Test func aWordIsAKindBeforeItIsADirectory() throws {
        #expect(try workspace("persistent") == .persistent)
        #expect(try workspace("\(directory.path)/persistent") != .persistent)
    }

    @Test func saysWhatIsNotThere() throws {
        let file = try directory.write("", to: "notes.txt")
        let here = try #require(Files.realPath("."))
        for (arguments, part) in [
            (
                ["--workspace", "/no/such"],
                "'/no/such' (no such directory): expected persistent, ephemeral or"
            ),
            (["--workspace", "no such"], "'no such' (no such directory in \(here)): expected persistent"),
            (["--workspace", file], "(this is not a directory): expected"),
            (["--workspace", "\(file)/below"], "(no such directory): expected"),
            (["--workspace", "/"], "'/' (this is / itself): expected"),
            (["--workspace", "/usr/.."], "(this is / itself): expected"),
            (["--workspace", "$HOME/x"], "(no such directory; variables are not expanded here): expected"),
            (["--workspace", "~nobody/x"], "(no such directory in "),
            (["--tools", "/no/such"], "'/no/such' (no such directory): expected a directory"),
            (["--skills", "/usr/lib:/no/such:/usr"], "(/no/such: no such directory): expected directories"),
            (["--skills", "file:///no/such"], "(file:///no/such: no such directory): expected directories"),
        ] {
            #expect(refusal(arguments)?.contains(part) == true, "\(refusal(arguments) ?? "taken")")
        }
    }
}
