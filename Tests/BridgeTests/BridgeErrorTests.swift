import JSON
import MCPClient
import MCPServers
import Testing

@testable import Bridge

/// The sentences of errors, in which the words of servers stand.
@Suite struct BridgeErrorTests {
    private static let unknown = " What the call does may have happened."

    @Test(arguments: [
        (SupervisionError.late(seconds: 60, said: ""), "The server s has not answered in 60 seconds."),
        (.late(seconds: 60, said: "Loading."), "The server s has not answered in 60 seconds; it last said: Loading."),
        (.late(seconds: 2.5, said: "why"), "The server s has not answered in 2.5 seconds; it last said: why."),
        (.inUse(.ended("status 1; it said: Bye.")), "The server s has ended: status 1; it said: Bye." + unknown),
        (.inUse(.ended("status 1")), "The server s has ended: status 1." + unknown),
        (.inUse(.unsupported("a question…")), "t: the MCP server answered with a question…" + unknown),
        (.inUse(.malformed("no result!")), "t: the MCP server sent an invalid message: no result!" + unknown),
        (.inUse(.malformed("no result")), "t: the MCP server sent an invalid message: no result." + unknown),
    ])
    func eachEndsWithOneFullStop(error: SupervisionError, message: String) {
        #expect(BridgeError(error, of: "t", on: "s", limit: 1).message == message)
    }
}
