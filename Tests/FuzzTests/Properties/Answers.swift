import JSON
import OpenAI
import ServerSentEvents

extension Property {
    /// Events are the same however the stream is cut, and those that stand there.
    static let eventStreams = Property(name: "event-streams") { bytes throws(BrokenPropertyError) in
        let limit = 512
        let expected = events(of: bytes)
        for pieces in cuts(of: bytes) {
            let found = events(of: pieces, limit: limit)
            let isSound = found.isTooLong ? expected.starts(with: found.events) : expected == found.events
            try hold(isSound, "other events in \(pieces.count) pieces")
            try hold(!found.isTooLong || bytes.count > limit, "a stream within the limit is too long")
            try hold(found.events.allSatisfy { $0.data.count <= limit }, "an event is over the limit")
        }
    }

    /// Whatever a server streams is put together or refused. Each call of the answer has an id of its own, and the answer
    /// is read as the same when it is written again.
    static let answers = Property(name: "answers") { bytes throws(BrokenPropertyError) in
        var limits = AnswerLimits()
        limits.toolCalls = 4
        limits.textBytes = 256
        limits.argumentBytes = 256
        var assembler = CompletionAssembler(limits: limits)
        for event in events(of: [bytes[...]], limit: 4096).events {
            guard case .chunk(let chunk)? = try? AnswerEvent(parsing: event.data) else { continue }
            let json = chunk.json(id: "", created: 0, model: "")
            try hold((try? ChatChunk(parsing: json)) != nil, "a chunk cannot be read again")
            guard (try? assembler.add(chunk)) != nil else { return }
        }
        guard let answer = try? assembler.completion(isDone: true).answer else { return }
        let calls = answer.message.toolCalls
        try hold(Set(calls.map(\.id)).count == calls.count, "two calls have one id")
        try hold(calls.count <= limits.toolCalls, "too many calls")
        try hold(answer.message.text.utf8.count <= limits.textBytes, "too much text")
        let written = answer.json(id: "", created: 0, model: "")
        // An answer of nothing, without a reason, is written with one; and a name may be empty, which says nothing.
        // Thoughts are written as what they are only within a run.
        guard answer.finishReason != nil, answer.message.rawText == nil, calls.allSatisfy({ !$0.name.isEmpty }) else {
            return
        }
        try hold((try? ChatCompletion(parsing: written)) == answer, "another answer when written again")
    }

    /// A request of a client is read or refused; once read, it is read as the same when it is written again.
    static let chatRequests = Property(name: "chat-requests") { bytes throws(BrokenPropertyError) in
        guard let body = try? JSON.parse(bytes) else { return }
        let read: ClientRequest
        do throws(FormatError) {
            read = try ClientRequest(parsing: body)
        } catch {
            return try hold(!error.problem.isEmpty, "refused without a reason")
        }
        let request = ChatRequest(
            model: read.model ?? "m", messages: read.messages, parameters: read.parameters)
        let again = try? ClientRequest(parsing: request.streamingBody(includesUsage: true))
        try hold(again?.messages.map(\.text) == read.messages.map(\.text), "other texts when written again")
        try hold(again?.messages.map(\.toolCalls) == read.messages.map(\.toolCalls), "other calls when written again")
        try hold(again?.parameters == read.parameters, "other parameters when written again")
    }

    private static func events(
        of pieces: [ArraySlice<UInt8>], limit: Int
    ) -> (events: [EventStreamParser.Event], isTooLong: Bool) {
        var parser = EventStreamParser(limit: limit)
        var events: [EventStreamParser.Event] = []
        do {
            for piece in pieces { try parser.feed(piece) { events.append($0) } }
            try parser.finish { events.append($0) }
            return (events, false)
        } catch {
            return (events, true)
        }
    }

    /// What a parser has to find, in a way that takes the whole stream at once.
    private static func events(of bytes: [UInt8]) -> [EventStreamParser.Event] {
        let text = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes.dropFirst(3) : bytes[...]
        var normal: [UInt8] = []
        for place in text.indices {
            if text[place] == 0x0A, place > text.startIndex, text[place - 1] == 0x0D { continue }
            normal.append(text[place] == 0x0D ? 0x0A : text[place])
        }
        let lines = normal.split(separator: 0x0A, omittingEmptySubsequences: false)
        return lines.split { $0.isEmpty }.compactMap { lines in
            let data = lines.compactMap { value(of: "data", in: $0) }
            guard !data.isEmpty else { return nil }
            let type = lines.compactMap { value(of: "event", in: $0) }.last ?? []
            return EventStreamParser.Event(
                type: String(decoding: type, as: UTF8.self), data: Array(data.joined(separator: [0x0A])))
        }
    }

    private static func value(of name: String, in line: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        if line.elementsEqual(name.utf8) { return [] }
        guard line.starts(with: Array(name.utf8) + [UInt8(ascii: ":")]) else { return nil }
        let value = line.dropFirst(name.utf8.count + 1)
        return value.first == 0x20 ? value.dropFirst() : value
    }
}
