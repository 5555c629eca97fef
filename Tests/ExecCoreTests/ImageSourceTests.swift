import Testing

@testable import ExecCore

/// Where an image comes from, by its name.
struct ImageSourceTests {
    @Test(arguments: [
        ("mcp-code-executor:latest", ImageVariant.standard), ("mcp-code-executor", .standard),
        ("mcp-code-executor:slim", .slim), ("mcp-code-executor:slim-2", .slim), ("mcp-code-executor:mine", .standard),
        ("mcp-code-executor:slimmer", .standard),
        ("localhost/mcp-code-executor:slim", .slim),
    ])
    func anImageOfOursIsMadeByTheRecipe(name: String, variant: ImageVariant) {
        #expect(ImageSource(of: name) == .recipe(variant))
    }

    @Test(arguments: ["ghcr.io/us/image:1", "registry.example:5000/image", "localhost:5000/mcp-code-executor:latest"])
    func anImageThatNamesItsRegistryComesFromThere(name: String) {
        #expect(ImageSource(of: name) == .registry)
    }

    /// Nothing is built under somebody else's name, and nothing is pulled that may have been meant to be local.
    @Test(arguments: [
        "python:3.12", "me/image:1", "localhost/image", "mcp-code-executor:with-0123456789ab",
        "mcp-code-executor-base:local", "mcp-code-executor@sha256:0", "me/mcp-code-executor:latest", "",
    ])
    func anyOtherIsForAPersonToProvide(name: String) {
        #expect(ImageSource(of: name) == nil)
    }
}
