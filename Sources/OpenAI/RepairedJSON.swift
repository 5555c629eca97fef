public import JSON

extension JSON {
    /// How many values an answer of a model may hold: each takes many times its length in memory.
    static let maxAnswerValues = 200_000

    /// Reads JSON that a model or its server wrote: leniently, and where that fails, once more with what weak ones get
    /// wrong put right: line breaks and tabs that stand in a text as they are, bytes that are no UTF-8.
    ///
    /// - Throws: ``JSONParseError`` with the first fault of the text as it came.
    public static func parseModelText(_ bytes: [UInt8]) throws(JSONParseError) -> JSON {
        let failure: JSONParseError
        do throws(JSONParseError) {
            return try parse(bytes, .lenient, valueLimit: maxAnswerValues)
        } catch {
            failure = error
        }
        guard !failure.isOverLimit else { throw failure }
        let repaired = repairingStrings(in: bytes)
        guard repaired != bytes else { throw failure }
        do throws(JSONParseError) {
            return try parse(repaired, .lenient, valueLimit: maxAnswerValues)
        } catch {
            throw failure
        }
    }
}
