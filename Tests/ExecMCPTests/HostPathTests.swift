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
        let invocation = try OptionParser.parse(["--workspace", value], environment: [:], defaults: Options())
        guard case .serve(let options) = invocation else { throw UsageError(message: "does not serve") }
        return options.configuration.workspace
    }

    private func refusal(_ arguments: [String]) -> String? {
        do {
            _ = try OptionParser.parse(arguments, environment: [:], defaults: Options())
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
                "'/no/such' (there is no such directory): it takes persistent, ephemeral or"
            ),
            (["--workspace", "no such"], "'no such' (there is no such directory in \(here)): it takes persistent"),
            (["--workspace", file], "(this is no directory): it takes"),
            (["--workspace", "\(file)/below"], "(there is no such directory): it takes"),
            (["--workspace", "/"], "'/' (this is / itself): it takes"),
            (["--workspace", "/usr/.."], "(this is / itself): it takes"),
            (["--workspace", "$HOME/x"], "(there is no such directory; variables are not expanded here): it takes"),
            (["--workspace", "~nobody/x"], "(there is no such directory in "),
            (["--tools", "/no/such"], "'/no/such' (there is no such directory): it takes a directory"),
            (["--skills", "/usr/lib:/no/such:/usr"], "(/no/such: there is no such directory): it takes directories"),
            (["--skills", "file:///no/such"], "(file:///no/such: there is no such directory): it takes directories"),
        ] {
            #expect(refusal(arguments)?.contains(part) == true, "\(refusal(arguments) ?? "taken")")
        }
    }
}
