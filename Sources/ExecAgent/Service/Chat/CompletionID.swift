import SystemCalls

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

    init(model: String) {
        let word = RandomWord.make(24)
        id = "chatcmpl-" + word
        callID = "call_" + word
        created = time(nil)
        self.model = model
    }
}
