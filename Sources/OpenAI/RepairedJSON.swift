public import JSON

extension JSON {
    /// Maximum number of values in a model's answer: each takes many times its length in memory.
    static let maxAnswerValues = 200_000

    /// Parses JSON written by a model or its server: leniently and with all digits of integers, and if that fails, once more after repairing common
    /// mistakes: unescaped line breaks and tabs in strings, invalid UTF-8.
    ///
    /// - Throws: ``JSONParseError`` with the first error in the original text.
    public static func parseModelText(_ bytes: [UInt8]) throws(JSONParseError) -> JSON {
        let failure: JSONParseError
        do throws(JSONParseError) {
            return try parse(bytes, .exact, valueLimit: maxAnswerValues)
        } catch {
            failure = error
        }
        guard !failure.isOverLimit else { throw failure }
        let repaired = repairingStrings(in: bytes)
        guard repaired != bytes else { throw failure }
        do throws(JSONParseError) {
            return try parse(repaired, .exact, valueLimit: maxAnswerValues)
        } catch {
            throw failure
        }
    }
}
