import BridgeModules
import Diagnostics
import JSON
import MCP
import MCPClient
import Threading

/// One server's part of a recording.
final class RecordedServer: Sendable {
    /// Where an answer is in the file.
    fileprivate struct Place: Sendable {
        let range: Range<Int>
        let session: Int
        let number: Int
    }

    /// What was read of a recording.
    struct Content: Sendable {
        fileprivate var tools: [Tool]?
        fileprivate var shapes: [String: ResultShapes.Entry]?
        fileprivate var places: [String: [Place]] = [:]
        fileprivate var requests: [String: [ServerRequest]] = [:]
    }

    /// Longer requests aren't compared with others.
    fileprivate static let maxComparedBytes = 8192
    private static let shownSubjects = 5

    /// Every tool that it had while it was recorded, each as it was listed last; `nil` if none was listed.
    let tools: [Tool]?
    /// What results looked like when recording began.
    let shapes: [String: ResultShapes.Entry]

    private let name: String
    private let bytes: [UInt8]
    private let secrets: SecretTexts?
    private let places: [String: [Place]]
    private let requests: [String: [ServerRequest]]
    /// How often each request was answered.
    private let taken = Locked<[String: Int]>([:])

    /// - Parameters:
    ///   - bytes: the recording.
    ///   - secrets: what is hidden in it.
    init(_ content: Content, of name: String, in bytes: [UInt8], secrets: SecretTexts?) {
        self.name = name
        self.bytes = bytes
        self.secrets = secrets
        tools = content.tools
        shapes = content.shapes ?? [:]
        places = content.places.mapValues { places in
            places.sorted { ($0.session, $0.number) < ($1.session, $1.number) }
        }
        requests = content.requests
    }

    /// Answers a request as it was answered when it was recorded.
    ///
    /// - Throws: the recorded error, or one that says that the request isn't in the recording.
    func answer(to request: ServerRequest) throws(BridgeError) -> RawToolResult {
        let request = request.hiding(secrets)
        let key = request.key
        guard let places = places[key] else { throw unknown(request) }
        let number = taken.withLock { taken in
            taken[key, default: 0] += 1
            return taken[key] ?? 1
        }
        guard number <= places.count else {
            let times = places.count == 1 ? "once" : "\(places.count) times"
            throw BridgeError(
                .notRecorded,
                "The recording has \(name).\(request.summary) \(times), and this is request number \(number).")
        }
        guard case .answer(let answer) = try? RecordingLine.parse(bytes[places[number - 1].range]).line else {
            // It was parsed before.
            throw unknown(request)
        }
        return try answer.outcome.get()
    }

    private func unknown(_ request: ServerRequest) -> BridgeError {
        let start = "The recording does not have \(name).\(request.summary)."
        guard let similar = requests[request.subject], let nearest = nearest(to: request, among: similar) else {
            let subjects = requests.keys.sorted().prefix(Self.shownSubjects)
                .map { "\(name).\($0)".singleLine(limit: 100) }
            guard !subjects.isEmpty else {
                return BridgeError(.notRecorded, "\(start) It has no request of this server.")
            }
            let more = requests.count > subjects.count ? " and others" : ""
            return BridgeError(
                .notRecorded, "\(start) Of this server it has \(subjects.joined(separator: ", "))\(more).",
                data: ["recorded": .array(subjects.map { .string($0) })])
        }
        let shown = "\(name).\(nearest.summary)"
        return BridgeError(
            .notRecorded, "\(start) The nearest that it has is \(shown).", data: ["recorded": [.string(shown)]])
    }

    private func nearest(to request: ServerRequest, among others: [ServerRequest]) -> ServerRequest? {
        var best: (likeness: (arguments: Int, text: Int), request: ServerRequest)?
        for other in others {
            let likeness = request.likeness(to: other)
            if best.map({ likeness > $0.likeness }) ?? true { best = (likeness, other) }
        }
        return best?.request
    }
}

extension RecordedServer.Content {
    /// Adds a list of tools. One that is missing in a later list stays: calls of it may have been recorded.
    mutating func add(_ tools: [Tool], _ shapes: [String: ResultShapes.Entry]) {
        let kept = (self.tools ?? []).filter { old in !tools.contains { $0.name.utf8.elementsEqual(old.name.utf8) } }
        self.tools = kept + tools
        self.shapes = self.shapes ?? shapes
    }

    /// Adds an answer.
    ///
    /// - Parameters:
    ///   - session: the number of its session.
    ///   - range: where it is in the file.
    mutating func add(_ answer: RecordedAnswer, session: Int, at range: Range<Int>) {
        let key = answer.request.key
        places[key, default: []].append(
            RecordedServer.Place(range: range, session: session, number: answer.number))
        guard places[key]?.count == 1, answer.request.isShort(RecordedServer.maxComparedBytes) else { return }
        requests[answer.request.subject, default: []].append(answer.request)
    }
}
