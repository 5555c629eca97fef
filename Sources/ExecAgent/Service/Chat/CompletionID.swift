import SystemCalls

/// What all pieces of an answer have in common.
struct CompletionID: Sendable {
    /// `chatcmpl-` and 24 letters and digits by chance.
    let id: String
    /// The id of the call that it may be: `call_` and the same.
    let callID: String
    /// Seconds since 1970.
    let created: Int
    /// The model, as the client named it.
    let model: String

    init(model: String) {
        let signs = Array("0123456789abcdefghijklmnopqrstuvwxyz")
        let word = String((0..<24).map { _ in signs[Int.random(in: 0..<signs.count)] })
        id = "chatcmpl-" + word
        callID = "call_" + word
        created = time(nil)
        self.model = model
    }
}
