import JSON
import OpenAI

/// Reads the body of a successful answer, streamed or whole: pieces of bytes in, text and in the end the answer out.
struct AnswerReader {
    /// Why a body is no answer.
    enum Failure: Error, Equatable {
        /// The server says itself that it failed.
        case said(APIError)
        /// It is a web page.
        case page
        case unusable(AnswerError)
    }

    /// What kind of body it is. Content types do not tell: some servers call a stream JSON, or say nothing.
    private enum Kind {
        case stream, whole, page
    }

    /// Bytes of one event. A whole answer comes as one at some servers.
    private static let largestEvent = 40 << 20
    /// Bytes of a whole answer.
    private static let largestBody = 48 << 20

    private var kind: Kind?
    private var assembler: CompletionAssembler
    private var parser = EventStreamParser(limit: largestEvent)
    private var body: [UInt8] = []
    private let limits: AnswerLimits
    private(set) var isDone = false

    init(limits: AnswerLimits) {
        self.limits = limits
        assembler = CompletionAssembler(limits: limits)
    }

    /// Whether anything of the answer has come.
    var hasBegun: Bool { assembler.hasBegun }

    /// Takes in the next bytes.
    ///
    /// - Returns: the text that they add to the answer.
    mutating func feed(_ bytes: [UInt8]) throws(Failure) -> String {
        var bytes = bytes
        if kind == nil {
            body += bytes
            kind = Self.kind(of: body)
            guard kind == .stream else {
                // White space alone, without end, is no answer either.
                return try keepWhole([])
            }
            bytes = body
            body = []
        }
        guard kind == .stream else { return try keepWhole(bytes) }
        return try take { reader, handle in try reader.parser.feed(bytes, handle) }
    }

    private mutating func keepWhole(_ bytes: [UInt8]) throws(Failure) -> String {
        if kind == .page { throw .page }
        guard body.count + bytes.count <= Self.largestBody else {
            throw .unusable(.tooLarge("more than \(Self.largestBody) bytes"))
        }
        body += bytes
        return ""
    }

    /// Takes in the end of the body.
    ///
    /// - Returns: the text that was not told yet, and the answer.
    mutating func finish() throws(Failure) -> (text: String, answer: ChatCompletion) {
        guard kind == .whole else {
            let rest = try take { reader, handle in try reader.parser.finish(handle) }
            do throws(AnswerError) {
                return (rest, try assembler.completion(isDone: isDone))
            } catch {
                throw .unusable(error)
            }
        }
        let value: JSON
        do throws(JSONParseError) {
            value = try JSON.parse(body.drop { $0 != UInt8(ascii: "{") && $0 != UInt8(ascii: "[") })
        } catch {
            throw .unusable(.malformed("It is not JSON: \(error)."))
        }
        if let error = APIError(parsing: value) { throw .said(error) }
        do throws(AnswerError) {
            let answer = try ChatCompletion(parsing: value, limits: limits)
            return (answer.message.text, answer)
        } catch {
            throw .unusable(error)
        }
    }

    private mutating func take(
        _ feed: (inout AnswerReader, (EventStreamParser.Event) throws -> Void) throws -> Void
    ) throws(Failure) -> String {
        var events: [EventStreamParser.Event] = []
        do {
            try feed(&self) { events.append($0) }
        } catch {
            throw .unusable(.tooLarge("more than \(Self.largestEvent) bytes in one event"))
        }
        var text = ""
        for event in events where !isDone { text += try take(event) }
        return text
    }

    private mutating func take(_ event: EventStreamParser.Event) throws(Failure) -> String {
        let said: AnswerEvent
        do throws(FormatError) {
            said = try AnswerEvent(parsing: event.data)
        } catch {
            // Events of a type of their own are nothing of this API: signs of life, for instance.
            guard event.type.isEmpty || event.type == "error" else { return "" }
            let words = String(decoding: event.data.prefix(200), as: UTF8.self)
            if event.type == "error" { throw .said(APIError(message: words)) }
            throw .unusable(.malformed("An event of the stream is no chunk of an answer: \(error)"))
        }
        switch said {
        case .done: isDone = true
        case .failure(let error): throw .said(error)
        case .chunk(let chunk):
            do throws(AnswerError) {
                try assembler.add(chunk)
            } catch {
                throw .unusable(error)
            }
            return chunk.delta?.text ?? ""
        }
        return ""
    }

    private static func kind(of body: [UInt8]) -> Kind? {
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        if body.count < mark.count, mark.starts(with: body) { return nil }
        let text = body.starts(with: mark) ? body.dropFirst(mark.count) : body[...]
        switch text.first(where: { $0 > 0x20 }) {
        case nil: return nil
        case UInt8(ascii: "{"), UInt8(ascii: "["): return .whole
        case UInt8(ascii: "<"): return .page
        default: return .stream
        }
    }
}
