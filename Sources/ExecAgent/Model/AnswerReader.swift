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
    private static let largestEvent = 16 << 20
    /// Bytes of a whole answer, and of white space before any.
    private static let largestBody = 16 << 20
    /// A byte order mark, which may stand before either.
    private static let mark: [UInt8] = [0xEF, 0xBB, 0xBF]

    private var kind: Kind?
    private var assembler: CompletionAssembler
    private var parser = EventStreamParser(limit: largestEvent)
    private var body: [UInt8] = []
    private let limits: AnswerLimits
    private let tools: [FunctionTool]
    private(set) var isDone = false
    /// Whether the body has ended, which may be in the middle of an event.
    private var isCut = false
    /// What went wrong behind text that is to be told first; nothing more is read.
    private(set) var failure: Failure?
    /// How many bytes came.
    private(set) var byteCount = 0

    /// - Parameter tools: what the model may call, to find calls that it writes as text.
    init(limits: AnswerLimits, tools: [FunctionTool] = []) {
        self.limits = limits
        self.tools = tools
        assembler = CompletionAssembler(limits: limits, tools: tools)
    }

    /// Whether any text of the answer was told.
    var hasTold: Bool { assembler.hasTold }

    /// Takes in the next bytes.
    ///
    /// - Returns: the text that they add to the answer; ``failure`` may stand behind it.
    mutating func feed(_ bytes: [UInt8]) throws(Failure) -> String {
        if let failure { throw failure }
        byteCount += bytes.count
        var rest = bytes[...]
        if kind == nil {
            // White space and a byte order mark say nothing yet, however long they go on.
            guard let start = rest.firstIndex(where: { $0 > 0x20 && !Self.mark.contains($0) }) else {
                guard byteCount <= Self.largestBody else { throw Self.tooLarge }
                return ""
            }
            rest = rest[start...]
            switch bytes[start] {
            case UInt8(ascii: "{"), UInt8(ascii: "["): kind = .whole
            case UInt8(ascii: "<"): kind = .page
            default: kind = .stream
            }
        }
        switch kind {
        case .page: throw .page
        case .whole:
            guard byteCount <= Self.largestBody else { throw Self.tooLarge }
            body += rest
            return ""
        default: return try take { reader, handle in try reader.parser.feed(rest, handle) }
        }
    }

    private static var tooLarge: Failure { .unusable(.tooLarge("more than \(largestBody) bytes")) }

    /// Takes in the end of the body.
    ///
    /// - Returns: the text that was not told yet, and the answer.
    mutating func finish() throws(Failure) -> (text: String, answer: ChatCompletion) {
        if let failure { throw failure }
        guard kind == .whole else {
            isCut = true
            let rest = try take { reader, handle in try reader.parser.finish(handle) }
            if let failure { throw failure }
            do throws(AnswerError) {
                let (last, answer) = try assembler.completion(isDone: isDone)
                return (rest + last, answer)
            } catch {
                throw .unusable(error)
            }
        }
        let value: JSON
        do throws(JSONParseError) {
            value = try JSON.parseModelText(body)
        } catch {
            // What is JSON up to its last byte broke off.
            let isCut = error.offset >= body.count || error.reason == "unexpected end"
            if isCut, body.contains(UInt8(ascii: "\"")) { throw .unusable(.lost) }
            throw .unusable(.malformed("It is not JSON: \(error)."))
        }
        if let error = APIError(parsing: value) { throw .said(error) }
        do throws(AnswerError) {
            let answer = try ChatCompletion(parsing: value, limits: limits, tools: tools)
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
        for event in events where !isDone {
            do throws(Failure) {
                text += try take(event)
            } catch {
                if text.isEmpty { throw error }
                failure = error
                break
            }
        }
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
            // The end of the body may have come in the middle of it. Whether it was the answer's, the rest of it tells.
            if isCut { return "" }
            // Behind the answer some servers write an end of their own.
            if assembler.hasFinishReason { return "" }
            throw .unusable(.malformed("An event of the stream is no chunk of an answer: \(error)"))
        }
        switch said {
        case .done: isDone = true
        case .failure(let error): throw .said(error)
        case .chunk(let chunk):
            do throws(AnswerError) {
                return try assembler.add(chunk)
            } catch {
                throw .unusable(error)
            }
        }
        return ""
    }
}
