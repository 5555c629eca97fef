import JSON
import Testing

@testable import OpenAI

/// Errors in place of an answer, which servers send with a status of success.
@Suite struct UnwrappedErrorTests {
    @Test(
        arguments: [
            (#"{"code": 1113, "message": "no credit"}"#, "no credit", "1113"),
            (#"{"code": "InvalidParameter", "message": "bad", "request_id": "x"}"#, "bad", "InvalidParameter"),
            (#"{"code": 500, "msg": "gone", "data": null}"#, "gone", "500"),
            (#"{"error_code": 17, "error_msg": "daily limit"}"#, "daily limit", "17"),
            (#"{"errcode": 40001, "errmsg": "key"}"#, "key", "40001"),
            (#"{"status": 429, "message": "slow down", "choices": null}"#, "slow down", "429"),
            (#"{"success": false, "code": 401, "message": "no"}"#, "no", "401"),
            (#"{"status_code": 400, "message": "no", "type": "bad"}"#, "no", "400"),
        ])
    func aCodeAndAMessageInPlaceOfAnAnswerAreAnError(body: String, message: String, code: String) throws {
        let error = try #require(APIError(parsing: try JSON.parse(body)))
        #expect(error.message == message)
        #expect(error.code == code)
        #expect(try AnswerEvent(parsing: Array(body.utf8)) == .failure(error))
    }

    @Test(arguments: [
        #"{"code": 0, "message": "ok"}"#, #"{"code": "200", "message": "success"}"#, #"{"message": "hi"}"#,
        #"{"code": 1, "message": ""}"#, #"{"code": 5, "message": "x", "choices": []}"#,
        #"{"code": 5, "message": {"role": "assistant"}}"#, #"{"status": "ok", "message": "x"}"#,
        #"{"code": 5, "message": "x", "usage": {"prompt_tokens": 1}}"#,
        #"{"object": "chat.completion.chunk", "code": 7, "message": "x"}"#,
    ])
    func anAnswerOrASuccessIsNone(body: String) throws { #expect(APIError(parsing: try JSON.parse(body)) == nil) }
}
