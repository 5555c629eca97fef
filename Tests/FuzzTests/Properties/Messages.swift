import JSON

@testable import JSONRPC

extension Property {
    /// Lines are the same however the stream is cut, and none but those that stand there. What is a JSON text is written
    /// and read back as the same; what a message is does not hang on how it is written.
    static let messages = Property(name: "messages") { bytes throws(BrokenPropertyError) in
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
            if part.count > limit {
                let scanner = scanned([part], endsWithFirst: true)
                // What goes on may still have an id.
                return place < parts.count - 1 || scanner.isFinished ? .tooLong(limit: limit, id: scanner.id) : nil
            }
            let line = part.last == 0x0D ? part.dropLast() : part
            let isBlank = line.allSatisfy { $0 == 0x20 || $0 == 0x09 }
            return place == parts.count - 1 || isBlank ? nil : .complete(Array(line))
        }
    }

    private static func checkMessage(_ line: [UInt8]) throws(BrokenPropertyError) {
        let message = IncomingMessage.parse(line)
        try checkAnswers(to: message)
        guard let value = try? JSON.parse(line, .lenient) else {
            return try hold(isRefusal(message), "no JSON, and yet a message")
        }
        let text = value.serialized()
        try checkReadsBack(value, text)
        try hold(hasOddID(message) || IncomingMessage.parse(text) == message, "another message when written again")
    }

    private static func isRefusal(_ message: IncomingMessage) -> Bool {
        switch message {
        case .invalid: true
        case .batch(let messages): messages.allSatisfy(isRefusal)
        case .request, .notification, .response: false
        }
    }

    /// Whether the id is one that is kept as it was written.
    private static func hasOddID(_ message: IncomingMessage) -> Bool {
        let id: RequestID? =
            switch message {
            case .request(let request): request.id
            case .response(let id, _): id
            case .invalid(let response): response.id
            case .notification, .batch: nil
            }
        if case .verbatim? = id { return true }
        if case .batch(let messages) = message { return messages.contains(where: hasOddID) }
        return false
    }

    private static func scanned(_ pieces: [ArraySlice<UInt8>], endsWithFirst: Bool) -> MessageScanner {
        var scanner = MessageScanner(endsWithFirst: endsWithFirst)
        for piece in pieces { piece.withUnsafeBytes { scanner.feed($0) } }
        return scanner
    }

    /// What is read strictly is read leniently as the same, what is read leniently is written as what can be read
    /// strictly, and a limit changes nothing but whether it is read. The id that is found without reading is the one that
    /// reading finds, however the bytes come.
    static let readings = Property(name: "readings") { bytes throws(BrokenPropertyError) in
        let strict = try? JSON.parse(bytes)
        let lenient = try? JSON.parse(bytes, .lenient)
        try hold(strict == nil || strict == lenient, "read strictly as another value")
        for limit in [0, 1, 4, 1000] {
            let limited = try? JSON.parse(bytes, .lenient, valueLimit: limit)
            try hold(limited == nil || limited == lenient, "read with a limit as another value")
        }
        if let lenient { try checkReadsBack(lenient, lenient.serialized()) }
        let id = MessageScanner.id(in: bytes)
        for pieces in cuts(of: bytes) {
            try hold(scanned(pieces, endsWithFirst: false).id == id, "another id in \(pieces.count) pieces")
            let first = scanned(pieces, endsWithFirst: true)
            try hold(first.id == scanned([bytes[...]], endsWithFirst: true).id, "another first id when cut")
        }
        guard let object = lenient?.objectValue else { return }
        switch id {
        case .verbatim: try hold(id?.isWritten(for: object["id"] ?? nil) == true, "an id that reads as another one")
        case nil: try hold(RequestID(object["id"]) == nil, "an id is not found")
        case .integer, .string: try hold(RequestID(object["id"]) == id, "another id")
        }
    }

    /// Our own answers to what is no message are messages.
    private static func checkAnswers(to message: IncomingMessage) throws(BrokenPropertyError) {
        switch message {
        case .invalid(let response):
            let text = response.json.serialized()
            guard hasOddID(message) else { return try checkReadsBack(response.json, text) }
            try hold(IncomingMessage.parse(text) == .response(response.id, response.outcome), "an id that is lost")
        case .batch(let messages): for message in messages { try checkAnswers(to: message) }
        case .request, .notification, .response: break
        }
    }

    private static func checkReadsBack(_ value: JSON, _ text: [UInt8]) throws(BrokenPropertyError) {
        try hold(text.allSatisfy { $0 >= 0x20 }, "a control character is written as it is")
        guard let again = try? JSON.parse(text) else {
            throw BrokenPropertyError(description: "what was written cannot be read")
        }
        try hold(again == value && again.serialized() == text, "what was written is read as another value")
    }
}
