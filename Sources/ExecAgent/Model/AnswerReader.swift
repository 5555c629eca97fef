import JSON
import OpenAI
import ServerSentEvents

/// Incremental parser for the body of a successful response, streamed or complete; does no I/O.
struct AnswerReader {
    /// Why a body isn't an answer.
    enum ContentError: Error, Equatable {
        /// The server itself reports an error.
        case said(APIError)
        /// The body is a web page.
        case page
        case unusable(AnswerError)
    }

    /// The kind of body, detected from its content. Content types are unreliable: some servers label a stream as JSON,
    /// or send none.
    private enum Kind {
        case stream, whole, page
    }

    /// Maximum size of one event, in bytes. Some servers send a complete answer as a single event.
    private static let largestEvent = 16 << 20
    /// Maximum size of a complete answer, or of leading whitespace, in bytes.
    private static let largestBody = 16 << 20
    /// A byte order mark, which may precede either kind.
    private static let mark: [UInt8] = [0xEF, 0xBB, 0xBF]

    private var kind: Kind?
    private var assembler: CompletionAssembler
    private var parser = EventStreamParser(limit: largestEvent)
    private var body: [UInt8] = []
    private let limits: AnswerLimits
    private let tools: [FunctionTool]
    private let hasToolChannel: Bool
    private let readTexts: ReadTexts
    private(set) var isDone = false
    /// Whether the body has ended, possibly in the middle of an event.
    private var isCut = false
    /// An error after text that must be emitted first; nothing more is parsed.
    private(set) var failure: ContentError?
    /// Number of bytes received.
    private(set) var byteCount = 0

    /// - Parameters:
    ///   - tools: the tools that the model may call, to find calls written as text.
    ///   - hasToolChannel: whether the server has delivered calls of this model as such before.
    ///   - readTexts: what the model has read; calls that stand there are only shown.
    init(
        limits: AnswerLimits, tools: [FunctionTool] = [], hasToolChannel: Bool = false,
        readTexts: ReadTexts = ReadTexts()
    ) {
        self.limits = limits
        self.tools = tools
        self.hasToolChannel = hasToolChannel
        self.readTexts = readTexts
        assembler = CompletionAssembler(
            limits: limits, tools: tools, hasToolChannel: hasToolChannel, readTexts: readTexts)
    }

    /// Whether any text of the answer has been emitted.
    var hasEmitted: Bool { assembler.hasEmitted }

    /// Adds the next bytes.
    ///
    /// - Returns: the text that they add to the answer; ``failure`` may be set as well.
    mutating func feed(_ bytes: [UInt8]) throws(ContentError) -> String {
        if let failure { throw failure }
        byteCount += bytes.count
        var rest = bytes[...]
        if kind == nil {
            // Whitespace and a byte order mark don't reveal the kind of body.
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
        default: return try read { reader, handle in try reader.parser.feed(rest, handle) }
        }
    }

    private static var tooLarge: ContentError { .unusable(.tooLarge("more than \(largestBody) bytes")) }

    /// Finishes at the end of the body.
    ///
    /// - Returns: the text not emitted yet, and the answer.
    mutating func finish() throws(ContentError) -> (text: String, answer: ChatCompletion) {
        if let failure { throw failure }
        guard kind == .whole else {
            isCut = true
            let rest = try read { reader, handle in try reader.parser.finish(handle) }
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
            value = try AnswerEnvelope.parse(body).value
        } catch {
            // JSON that is valid up to its last byte was truncated.
            let isCut = error.offset >= body.count || error.reason == "unexpected end"
            if isCut, body.contains(UInt8(ascii: "\"")) { throw .unusable(.lost) }
            throw .unusable(.malformed("It is not JSON: \(error)."))
        }
        if let error = APIError(parsing: value) { throw .said(error) }
        do throws(AnswerError) {
            let answer = try ChatCompletion(
                parsing: value, limits: limits, tools: tools, hasToolChannel: hasToolChannel,
                readTexts: readTexts)
            return (answer.message.text, answer)
        } catch {
            throw .unusable(error)
        }
    }

    private mutating func read(
        _ feed: (inout AnswerReader, (EventStreamParser.Event) throws -> Void) throws -> Void
    ) throws(ContentError) -> String {
        var events: [EventStreamParser.Event] = []
        do {
            try feed(&self) { events.append($0) }
        } catch {
            throw .unusable(.tooLarge("more than \(Self.largestEvent) bytes in one event"))
        }
        var text = ""
        for event in events where !isDone {
            do throws(ContentError) {
                text += try read(event)
            } catch {
                if text.isEmpty { throw error }
                failure = error
                break
            }
        }
        return text
    }

    private mutating func read(_ event: EventStreamParser.Event) throws(ContentError) -> String {
        let said: AnswerEvent
        do throws(FormatError) {
            said = try AnswerEvent(parsing: event.data)
        } catch {
            // Events with a custom type aren't part of this API: keep-alives, for example.
            guard event.type.isEmpty || event.type == "error" else { return "" }
            let words = String(decoding: event.data.prefix(200), as: UTF8.self)
            if event.type == "error" { throw .said(APIError(message: words)) }
            // The body may have ended within this event. The assembler decides whether the answer is complete.
            if isCut { return "" }
            // Some servers send an end marker of their own after the answer.
            if assembler.hasFinishReason { return "" }
            throw .unusable(.malformed("An event of the stream is not a chunk of an answer: \(error)"))
        }
        switch said {
        case .done: isDone = true
        case .failure(let error):
            // Without the usual envelope it may also be an end marker of the server's own.
            let isWrapped = event.data.firstRange(of: Array("\"error\"".utf8)) != nil
            if assembler.hasFinishReason, !isWrapped, event.type != "error" { return "" }
            throw .said(error)
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
