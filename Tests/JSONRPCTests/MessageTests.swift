import JSON
import JSONRPC
import Testing

@Suite struct MessageTests {
    @Test(arguments: [
        (Response(id: .integer(1), .success([:])), #"{"jsonrpc":"2.0","id":1,"result":{}}"#),
        (Response(id: .string("a/b"), .success(["x": 1])), #"{"jsonrpc":"2.0","id":"a/b","result":{"x":1}}"#),
        (
            Response(id: .integer(-1), .failure(.methodNotFound("no m"))),
            #"{"jsonrpc":"2.0","id":-1,"error":{"code":-32601,"message":"no m"}}"#
        ),
        (
            Response(id: .integer(1), .failure(RPCError(code: -32022, message: "", data: ["a": [true]]))),
            #"{"jsonrpc":"2.0","id":1,"error":{"code":-32022,"message":"","data":{"a":[true]}}}"#
        ),
        // The official schemas know no id of null: what could not be read is left out.
        (
            Response(id: nil, .failure(.parseError("bad"))),
            #"{"jsonrpc":"2.0","error":{"code":-32700,"message":"bad"}}"#
        ),
    ])
    func writesAResponse(response: Response, text: String) {
        #expect(response.json.text == text)
    }

    @Test func writesANotification() {
        #expect(Notification(method: "n").json.text == #"{"jsonrpc":"2.0","method":"n"}"#)
        let params: JSONObject = ["a": 1]
        #expect(
            Notification(method: "n", params: params).json.text == #"{"jsonrpc":"2.0","method":"n","params":{"a":1}}"#)
    }

    @Test(arguments: [
        (RPCError.parseError("t"), -32700), (.invalidRequest("t"), -32600), (.methodNotFound("t"), -32601),
        (.invalidParams("t"), -32602), (.internalError("t"), -32603),
    ])
    func namesTheStandardErrors(error: RPCError, code: Int) {
        #expect(error == RPCError(code: code, message: "t"))
    }

    @Test(arguments: [RequestID.integer(0), .integer(.max), .integer(.min), .string(""), .string("1")])
    func keepsAnIDAsItCame(id: RequestID) {
        #expect(RequestID(id.json) == id)
    }

    @Test(arguments: [nil, .null, .bool(true), .double(1), .array([]), .object([:])] as [JSON?])
    func takesNothingElseForAnID(value: JSON?) {
        #expect(RequestID(value) == nil)
    }
}
