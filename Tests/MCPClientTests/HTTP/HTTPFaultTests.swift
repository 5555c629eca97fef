import Foundation
import JSON
import MCP
import MCPClient
import MCPClientTestSupport
import TestSupport
import Testing

/// Servers with a URL that can't be used, and what is said of them.
@Suite(.timeLimit(.minutes(3))) struct HTTPFaultTests {
    private func failure(_ script: String, _ use: (FakeHTTPServer) async throws -> Void) async throws -> MCPClientError
    {
        let server = try FakeHTTPServer(script)
        do {
            try await use(server)
        } catch let error as MCPClientError {
            return error
        }
        throw CancellationError()
    }

    struct Fault: Sendable, CustomTestStringConvertible {
        let answer: String
        let parts: [String]
        var mayHaveHappened: Bool? = false
        var testDescription: String { answer }
    }

    @Test(arguments: [
        Fault(answer: "h.give(401, WWW_Authenticate='Bearer')", parts: ["401", "Authorization", "npx mcp-remote"]),
        Fault(answer: "h.give(403, 'not you', 'text/plain')", parts: ["denies access", "403 Forbidden: not you"]),
        Fault(answer: "h.give(429, Retry_After='7')", parts: ["429", "wait 7 seconds"]),
        Fault(answer: "h.give(302, Location='/other')", parts: ["redirects to another path of http://127.0.0.1:"]),
        Fault(
            answer: "h.give(307, Location='http://evil.example/a?token=x')",
            parts: ["redirects to http://evil.example/a (HTTP status 307"]),
        Fault(answer: "h.give(308, Location='//127.0.0.2:1/a')", parts: ["redirects to http://127.0.0.2:1/a"]),
        Fault(answer: "h.give(307, Location='ftp://127.0.0.1/')", parts: ["redirects to an invalid location"]),
        Fault(answer: "h.give(307, Location=h.path)", parts: ["redirects endlessly"]),
        // A request that is answered with success may have been carried out, whatever the answer looks like.
        Fault(
            answer: "h.give(200, '<!DOCTYPE html><p>Sign in', 'text/html')", parts: ["a web page"],
            mayHaveHappened: true),
        Fault(answer: "h.give(200, ' <HTML>', None)", parts: ["a web page"], mayHaveHappened: true),
        Fault(
            answer: "h.give(200, '{}', X_Debug='b' * 150_000)", parts: ["before the response"], mayHaveHappened: true),
        Fault(answer: "h.give(503, 'try later', 'text/plain')", parts: ["503", "try later"], mayHaveHappened: true),
        Fault(answer: "h.give(500, '<html>x', 'text/html')", parts: ["HTTP status 500"], mayHaveHappened: true),
        Fault(answer: "h.connection.shutdown(2)", parts: ["broke off before the response"], mayHaveHappened: true),
        Fault(
            answer: "(h.stream(), h.wfile.write(b'data: {'), h.connection.shutdown(2))", parts: ["stream ended"],
            mayHaveHappened: true),
        Fault(
            answer:
                "(h.send_response(200), h.send_header('Content-Length', '99'), h.end_headers(), h.wfile.write(b'{'), setattr(h, 'close_connection', True))",
            parts: ["broke off in the response"], mayHaveHappened: true),
        Fault(answer: "h.stream()", parts: ["its event stream ended"], mayHaveHappened: true),
        Fault(
            answer: "h.give(400, {'error': {'code': -32602, 'message': 'no such tool'}, 'id': None})",
            parts: ["no such tool"], mayHaveHappened: nil),
        Fault(
            answer: "h.give(418, 'teapot', 'text/plain')", parts: ["HTTP status 418 I'm a Teapot: teapot"],
            mayHaveHappened: nil),
        Fault(
            answer: "h.give(500, {'jsonrpc': '2.0', 'error': {'code': -32603, 'message': 'broken'}})",
            parts: ["broken"], mayHaveHappened: nil),
        Fault(answer: "h.give(202)", parts: ["without a message (HTTP status 202"], mayHaveHappened: nil),
        Fault(answer: "h.give(200, '')", parts: ["without a message"], mayHaveHappened: nil),
        Fault(answer: "h.give(200, 'hello', 'text/plain')", parts: ["the media type text/plain"], mayHaveHappened: nil),
        Fault(answer: "h.give(200, 'hello', None)", parts: ["no media type"], mayHaveHappened: nil),
        Fault(
            answer: "h.give(200, {'jsonrpc': '2.0', 'id': 999, 'result': {}})", parts: ["not the response"],
            mayHaveHappened: nil),
        Fault(answer: "h.give(200, 'x' * 100000)", parts: ["a line of more than 50000 bytes"], mayHaveHappened: nil),
        Fault(
            answer: "(h.stream(), h.event('x' * 100000))", parts: ["a line of more than 50000 bytes"],
            mayHaveHappened: nil),
        Fault(
            answer:
                "h.wfile.write(b'HTTP/1.1 200 OK\\r\\n' + b''.join(b'A%d: %s\\r\\n' % (n, b'x' * 100) for n in range(2000)) + b'\\r\\n')",
            parts: ["head is invalid or has more than"], mayHaveHappened: nil),
        Fault(answer: "h.wfile.write(b'hello\\n')", parts: ["broke off", "HTTP/0.9"], mayHaveHappened: true),
    ])
    func aCallThatFailsSaysWhyAndWhetherItMayHaveHappened(fault: Fault) async throws {
        let script = "def call(h, m): \(fault.answer)"
        let server = try FakeHTTPServer(script)
        var limits = ClientLimits.patient
        limits.lineBytes = 50_000
        try await server.with(limits: limits) { client in
            let error = await #expect(throws: MCPClientError.self) { try await client.text("x") }
            let text = error?.description ?? ""
            for part in fault.parts { #expect(text.contains(part), "\(text)") }
            if let mayHaveHappened = fault.mayHaveHappened {
                guard case .unavailable(_, mayHaveHappened)? = error else {
                    Issue.record("\(String(describing: error))")
                    return
                }
            }
            // Called once, and the server is of use afterwards.
            let tools = try await client.listTools()
            #expect(tools.count == 1)
        }
        let calls = try await server.stopped().filter { $0.hasPrefix("POST tools/call") }
        #expect(calls.count == (fault.answer.contains("h.path)") ? 4 : 1))
    }

    @Test func aServerThatNobodyIsHasItsAddressInTheError() async throws {
        let error = try await failure("") { server in
            let port = try await server.origin.split(separator: ":").last.map(String.init) ?? ""
            _ = try await server.stopped()
            let endpoint = HTTPEndpoint(
                url: "http://me:secretsecret@127.0.0.1:\(port)/key", environment: ["PATH": "/usr/bin:/bin"])
            _ = try await MCPClient.start(endpoint, as: ClientIdentity(name: "test", version: "0"))
        }
        guard case .unavailable(let reason, mayHaveHappened: false) = error else { throw error }
        #expect(reason.hasPrefix("http://127.0.0.1:"))
        #expect(reason.contains("cannot be reached: Failed to connect"))
        #expect(!reason.contains("secret"))
        #expect(!reason.contains("key"))
    }

    @Test(arguments: [401, 403, 404, 405, 400, 500])
    func aServerThatRefusesTheHandshakeSaysWhy(status: Int) async throws {
        let error = try await failure("def answer(h, m): h.give(\(status))") { _ = try await $0.start() }
        #expect(error.description.contains("HTTP status \(status)"), "\(error)")
        if status == 405 { #expect(error.description.contains("HTTP+SSE")) }
        if status == 404 { #expect(error.description.contains("check the URL")) }
    }

    @Test func aPageToSignInIsCalledThat() async throws {
        let error = try await failure("def answer(h, m): h.give(200, '<html>', 'text/html')") {
            _ = try await $0.start()
        }
        #expect(error.description.contains("a web page, perhaps to sign in"))
    }

    @Test(arguments: [
        "h.give(400, 'bad token abcdefgh12', 'text/plain')", "h.give(503, 'bad token abcdefgh12', 'text/plain')",
        "h.error(-1, 'bad token abcdefgh12', 400)", "h.error(-1, 'bad token abcdefgh12')",
        "h.give(403, 'bad token abcdefgh12', 'text/plain')", "h.give(307, Location='http://x.example/abcdefgh12')",
        "h.give(429, Retry_After='abcdefgh12')",
        "h.wfile.write(b'HTTP/1.1 500 abcdefgh12\\r\\nContent-Length: 0\\r\\n\\r\\n')",
        "h.give(200, '', 'abcdefgh12')", "h.give(200, 'x', 'abcdefgh12')",
    ])
    func secretsAreRedactedInWhateverAServerSays(answer: String) async throws {
        let server = try FakeHTTPServer("def call(h, m): \(answer)")
        try await server.with(secrets: ["header Authorization": "Bearer abcdefgh12"]) { client in
            let error = await #expect(throws: MCPClientError.self) { try await client.text("x") }
            #expect(error?.description.contains("abcdefgh12") == false, "\(String(describing: error))")
        }
    }

    @Test func withoutCurlTheErrorNamesIt() async throws {
        let endpoint = HTTPEndpoint(url: "http://127.0.0.1:1/", environment: ["PATH": "/nonexistent"])
        #if canImport(Glibc)
            let error = await #expect(throws: MCPClientError.self) {
                try await MCPClient.start(endpoint, as: ClientIdentity(name: "test", version: "0"))
            }
            #expect(error?.description.contains("the program curl") == true)
        #endif
    }

    @Test func aSessionIsBegunAnewOnlyOncePerRequest() async throws {
        let server = try FakeHTTPServer("def call(h, m): h.give(404)")
        try await server.with { client in
            await #expect(throws: MCPClientError.unavailable("its session has ended", mayHaveHappened: false)) {
                try await client.text("x")
            }
        }
        let journal = try await server.stopped()
        #expect(journal.filter { $0 == "POST initialize" }.count == 2)
        #expect(journal.filter { $0 == "POST tools/call" }.count == 2)
    }
}
