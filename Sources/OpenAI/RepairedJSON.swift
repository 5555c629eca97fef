public import JSON

extension JSON {
    /// How many values an answer of a model may hold: each takes many times its length in memory.
    static let mostAnswerValues = 200_000

    /// Reads JSON that a model or its server wrote: leniently, and where that fails, once more with what weak ones get
    /// wrong put right: line breaks and tabs that stand in a text as they are, bytes that are no UTF-8.
    ///
    /// - Throws: ``JSONParseError`` with the first fault of the text as it came.
    public static func parseModelText(_ bytes: [UInt8]) throws(JSONParseError) -> JSON {
        let failure: JSONParseError
        do throws(JSONParseError) {
            return try parse(bytes, .lenient, valueLimit: mostAnswerValues)
        } catch {
            failure = error
        }
        guard !failure.isOverLimit, let repaired = repaired(bytes) else { throw failure }
        do throws(JSONParseError) {
            return try parse(repaired, .lenient, valueLimit: mostAnswerValues)
        } catch {
            throw failure
        }
    }

    /// - Returns: `nil` where there is nothing to put right.
    private static func repaired(_ bytes: [UInt8]) -> [UInt8]? {
        var text = bytes
        if String(validating: bytes, as: UTF8.self) == nil { text = Array(String(decoding: bytes, as: UTF8.self).utf8) }
        var result: [UInt8] = []
        result.reserveCapacity(text.count)
        var isInText = false
        var isEscaped = false
        for byte in text {
            if isInText, byte < 0x20, !isEscaped {
                result += Array("\\u00\(byte < 0x10 ? "0" : "")\(String(byte, radix: 16))".utf8)
                continue
            }
            if byte == UInt8(ascii: "\""), !isEscaped { isInText.toggle() }
            isEscaped = isInText && !isEscaped && byte == UInt8(ascii: "\\")
            result.append(byte)
        }
        return result == bytes ? nil : result
    }
}
