import JSON
import JSONRPC

extension Property {
    /// Lines are the same however the stream is cut, and none but those that stand there. What is a JSON text is written
    /// and read back as the same; what a message is does not hang on how it is written.
    static let messages = Property(name: "messages") { bytes throws(Broken) in
        let limit = 512
        let expected = lines(of: bytes, limit: limit)
        for pieces in cuts(of: bytes) {
            var splitter = LineSplitter(limit: limit)
            var found: [LineSplitter.Line] = []
            for piece in pieces { piece.withUnsafeBytes { bytes in splitter.feed(bytes) { found.append($0) } } }
            try hold(found == expected, "other lines in \(pieces.count) pieces")
        }
        for case .complete(let line) in expected { try checkMessage(line) }
    }

    /// What a splitter has to find, in a way that takes the whole stream at once.
    private static func lines(of bytes: [UInt8], limit: Int) -> [LineSplitter.Line] {
        let parts = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
        return parts.enumerated().compactMap { place, part in
            if part.count > limit { return .tooLong(limit: limit) }
            let line = part.last == 0x0D ? part.dropLast() : part
            let isBlank = line.allSatisfy { $0 == 0x20 || $0 == 0x09 }
            return place == parts.count - 1 || isBlank ? nil : .complete(Array(line))
        }
    }

    private static func checkMessage(_ line: [UInt8]) throws(Broken) {
        let message = IncomingMessage.parse(line)
        try checkAnswers(to: message)
        guard let value = try? JSON.parse(line) else {
            guard case .invalid(let response) = message, response.id == nil else {
                throw Broken(description: "no JSON, and yet a message")
            }
            return
        }
        let text = value.serialized()
        try checkReadsBack(value, text)
        try hold(IncomingMessage.parse(text) == message, "another message when written again")
    }

    /// Our own answers to what is no message are messages.
    private static func checkAnswers(to message: IncomingMessage) throws(Broken) {
        switch message {
        case .invalid(let response): try checkReadsBack(response.json, response.json.serialized())
        case .batch(let messages): for message in messages { try checkAnswers(to: message) }
        case .request, .notification, .response: break
        }
    }

    private static func checkReadsBack(_ value: JSON, _ text: [UInt8]) throws(Broken) {
        try hold(text.allSatisfy { $0 >= 0x20 }, "a control character is written as it is")
        guard let again = try? JSON.parse(text) else { throw Broken(description: "what was written cannot be read") }
        try hold(again == value && again.serialized() == text, "what was written is read as another value")
    }
}
