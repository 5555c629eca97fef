import JSONRPC
import Testing

@testable import MCPClient

/// When a request may be repeated because the server does not know its session.
@Suite struct LostSessionTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let status: Int
        let body: String
        let isLost: Bool
        var testDescription: String { "\(status) \(body)" }
    }

    @Test(arguments: [
        // As the published servers say it.
        Case(
            status: 404,
            body: #"{"jsonrpc":"2.0","id":"server-error","error":{"code":-32600,"message":"Session not found"}}"#,
            isLost: true),
        Case(
            status: 404, body: #"{"jsonrpc":"2.0","error":{"code":-32001,"message":"Session not found"},"id":null}"#,
            isLost: true),
        Case(
            status: 400,
            body:
                #"{"jsonrpc":"2.0","id":"server-error","error":{"code":-32600,"message":"Bad Request: No valid session ID provided"}}"#,
            isLost: true),
        Case(
            status: 404, body: #"{"jsonrpc":"2.0","id":7,"error":{"code":-32001,"message":"Session expired"}}"#,
            isLost: true),
        Case(status: 404, body: "", isLost: true), Case(status: 404, body: "<p>Not Found", isLost: true),
        Case(status: 400, body: "unknown session", isLost: true),
        // The answer of a tool, which has run.
        Case(
            status: 400,
            body: #"{"jsonrpc":"2.0","id":7,"error":{"code":-32602,"message":"the yoga session is full"}}"#,
            isLost: false),
        Case(
            status: 404, body: #"{"jsonrpc":"2.0","id":7,"error":{"code":-32002,"message":"no such customer"}}"#,
            isLost: false),
        Case(
            status: 404, body: #"{"jsonrpc":"2.0","id":7,"error":{"code":-32602,"message":"session 5 not found"}}"#,
            isLost: false),
        Case(
            status: 404, body: #"{"jsonrpc":"2.0","id":7,"error":{"code":-32000,"message":"order not found"}}"#,
            isLost: false),
        Case(status: 400, body: "no such tool", isLost: false), Case(status: 400, body: "", isLost: false),
        Case(status: 500, body: "session lost", isLost: false), Case(status: 403, body: "session", isLost: false),
    ])
    func aSessionIsLostOnlyIfThatIsCertain(item: Case) throws {
        let head = try #require(HTTPAnswerHead(Array("HTTP/1.1 \(item.status) X".utf8)))
        #expect(HTTPFault.isLostSession(head, Array(item.body.utf8), of: .integer(7)) == item.isLost)
    }
}
