import CommandOptions
import ExecCore
import TestSupport
import Testing

@testable import ExecMCP

@Suite struct ImageArgumentsTests {
    private func parse(_ arguments: [String], _ environment: [String: String] = [:]) throws -> ImageArguments {
        let user = try #require(UserID("default"))
        return try ImageArguments(arguments, environment: environment, defaults: Options(user: user))
    }

    private func tag(_ arguments: ImageArguments) -> String {
        arguments.tag(
            for: ImageRecipe(
                base: arguments.base, variant: arguments.variant, added: arguments.added, certificates: []))
    }

    @Test func namesAnImageByWhatItHasUnlessItIsGivenAName() throws {
        let directory = try TemporaryDirectory()
        let file = try directory.write("rich\n", to: "requirements.txt")
        #expect(tag(try parse(["--variant", "slim"])) == "mcp-code-executor:slim")
        #expect(tag(try parse(["--variant=standard"])) == "mcp-code-executor:latest")
        #expect(tag(try parse(["--variant", "slim", "--tag", "a:1"])) == "a:1")
        #expect(tag(try parse(["--variant", "slim"], ["MCP_EXECUTOR_IMAGE": "a:1"])) == "mcp-code-executor:slim")
        #expect(tag(try parse(["--variant", "slim", "--image", "a:2"], ["MCP_EXECUTOR_IMAGE": "a:1"])) == "a:2")
        let added = try parse(["--with", file])
        #expect(tag(added).hasPrefix("mcp-code-executor:with-"))
        #expect(added.isNamedByContent)
        #expect(tag(try parse(["--with", file, "--variant", "slim"])) != tag(added))
        #expect(!(try parse(["--with", file, "--tag", "a:1"]).isNamedByContent))
        #expect(!(try parse(["--variant", "slim"]).isNamedByContent))
    }

    @Test func hasTheDefaultsOfTheServer() throws {
        let arguments = try parse([])
        #expect(arguments.engine == "docker")
        #expect(arguments.engineLocation == .automatic)
        #expect(tag(arguments) == "mcp-code-executor:latest")
        #expect(arguments.base == nil)
        #expect(!arguments.isForced)
        #expect(!arguments.onlyPrints)
    }

    @Test func aFlagBeatsItsVariable() throws {
        let environment = [
            "MCP_EXECUTOR_ENGINE": "podman", "MCP_EXECUTOR_IMAGE": "a:1", "MCP_EXECUTOR_BASE_IMAGE": "b:1",
        ]
        let fromVariables = try parse([], environment)
        #expect([fromVariables.engine, tag(fromVariables), fromVariables.base] == ["podman", "a:1", "b:1"])
        let fromFlags = try parse(
            ["--engine=nerdctl", "--tag", "a:2", "--base=b:2", "--force", "--print"], environment)
        #expect([fromFlags.engine, tag(fromFlags), fromFlags.base] == ["nerdctl", "a:2", "b:2"])
        #expect(fromFlags.isForced)
        #expect(fromFlags.onlyPrints)
        #expect(try parse([], ["MCP_EXECUTOR_BASE_IMAGE": ""]).base == nil)
    }

    @Test func takesTheOptionsOfTheServerToo() throws {
        #expect(try parse(["--engine-location", "remote"]).engineLocation == .remote)
        #expect(tag(try parse(["--image", "a:3"], ["MCP_EXECUTOR_IMAGE": "a:1"])) == "a:3")
        #expect(tag(try parse(["--image=a:3"])) == "a:3")
        let command = try parse(["--engine", "podman", "--memory", "2g", "--prewarm", "--base", "b:1", "--user=ann"])
        #expect([command.engine, command.base] == ["podman", "b:1"])
        #expect(tag(command) == "mcp-code-executor:latest")
    }

    @Test(arguments: [
        (["--tag"], "--tag needs a value"), (["--tag", "--force"], "--tag does not accept '--force'"),
        (["--base", "a b"], "--base does not accept"), (["--memry", "1g"], "unknown argument '--memry'"),
        (["--image", "a b"], "--image does not accept"), (["--memory", "1"], "--memory does not accept"),
        (["--image"], "--image needs a value"), (["--force=yes"], "unknown argument '--force=yes'"),
        (["x"], "unknown argument 'x'"), (["--engine", "-x"], "--engine does not accept"),
        (["--engine", "--help"], "--engine does not accept"), (["--variant", "tiny"], "--variant does not accept"),
        (["--with", "/nonexistent"], "--with '/nonexistent': it isn't a readable file"),
    ])
    func refusesWhatItDoesNotKnow(arguments: [String], part: String) {
        let error = #expect(throws: UsageError.self) { _ = try parse(arguments) }
        #expect(error?.message.contains(part) == true, "\(error?.message ?? "")")
    }
}
