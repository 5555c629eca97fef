import JSON
import OpenAI
import SystemCalls

/// The API in whose format an answer is written.
enum AnswerFormat: Sendable {
    case chat
    /// The older API, with a prompt.
    case text
}

/// The fields that all chunks of an answer share.
struct CompletionID: Sendable {
    /// `chatcmpl-` and 24 random letters and digits.
    let id: String
    /// The id if the answer is a call: `call_` and the same characters.
    let callID: String
    /// Seconds since 1970.
    let created: Int
    /// The model as the client named it.
    let model: String
    private let format: AnswerFormat

    init(model: String, format: AnswerFormat = .chat) {
        let word = RandomWord.make(24)
        id = (format == .chat ? "chatcmpl-" : "cmpl-") + word
        callID = "call_" + word
        created = time(nil)
        self.model = model
        self.format = format
    }

    func json(_ completion: ChatCompletion, _ extra: JSONObject) -> JSON {
        switch format {
        case .chat: completion.json(id: id, created: created, model: model, extra: extra)
        case .text: completion.textJSON(id: id, created: created, model: model, extra: extra)
        }
    }

    func json(_ chunk: ChatChunk, _ extra: JSONObject) -> JSON {
        switch format {
        case .chat: chunk.json(id: id, created: created, model: model, extra: extra)
        case .text: chunk.textJSON(id: id, created: created, model: model, extra: extra)
        }
    }
}
