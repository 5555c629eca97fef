import BridgeModules
import JSON
import MCP
import MCPClient

/// A line of a recording.
enum RecordingLine: Sendable {
    /// A program begins to record.
    case session(String)
    /// A server's tools, and what results of theirs had looked like before.
    case tools(server: String, tools: [Tool], shapes: [String: ResultShapes.Entry])
    case answer(RecordedAnswer)

    /// Increment when the format changes.
    static let format = 1
    private static let (kind, kindName) = ("exec-mcp bridge", "recording")
    /// What a line's values may take: a result of the maximum size, most of it numbers.
    private static let valueLimit = 4_000_000

    /// Why bytes aren't a line of a recording.
    struct FormatError: Error {
        let problem: String
    }

    /// Parses a line.
    ///
    /// - Returns: the line and the session that it belongs to.
    static func parse(_ bytes: ArraySlice<UInt8>) throws(FormatError) -> (line: RecordingLine, session: String) {
        let value: JSON
        do {
            value = try JSON.parse(bytes, .exact, valueLimit: valueLimit)
        } catch {
            throw FormatError(problem: "not valid JSON: \(error)")
        }
        guard let session = value["session"]?.stringValue else {
            throw FormatError(problem: "not a line of a recording: it names no session")
        }
        if let name = value[kindName] {
            guard name.stringValue == kind else { throw FormatError(problem: "not a recording of exec-mcp's bridge") }
            guard value["format"]?.integerValue == format else {
                let found = value["format"]?.text ?? "none"
                throw FormatError(problem: "recorded by another version of exec-mcp: format \(found)")
            }
            return (.session(session), session)
        }
        guard let server = value["server"]?.stringValue else {
            throw FormatError(problem: "not a line of a recording: it names no server")
        }
        if let tools = value["tools"]?.arrayValue {
            let seen = value["seen"]?.objectValue ?? JSONObject()
            return (
                .tools(server: server, tools: tools.compactMap(SchemaCache.tool), shapes: SchemaCache.entries(seen)),
                session
            )
        }
        guard let answer = RecordedAnswer(value, of: server) else {
            throw FormatError(problem: "not a line of a recording: neither a list of tools nor an answer")
        }
        return (.answer(answer), session)
    }

    /// Returns the line's bytes, with the line end.
    func bytes(in session: String) -> [UInt8] {
        var members: JSONObject
        switch self {
        case .session: members = [Self.kindName: .string(Self.kind), "format": .integer(Self.format)]
        case .tools(let server, let tools, let shapes):
            members = ["server": .string(server), "tools": .array(tools.map { $0.json(for: .july2026) })]
            if !shapes.isEmpty { members["seen"] = SchemaCache.stored(shapes) }
        case .answer(let answer): members = answer.members
        }
        members["session"] = .string(session)
        return JSON.object(members).serialized() + [UInt8(ascii: "\n")]
    }
}

/// A recorded request and what was answered.
struct RecordedAnswer: Sendable {
    let server: String
    let request: ServerRequest
    /// The number of this request among equal ones, from 1, in the order in which they began.
    let number: Int
    let outcome: Result<RawToolResult, BridgeError>

    init(server: String, request: ServerRequest, number: Int, outcome: Result<RawToolResult, BridgeError>) {
        self.server = server
        self.request = request
        self.number = number
        self.outcome = outcome
    }

    /// Reads an answer that ``members`` wrote; `nil` if it is something else.
    init?(_ value: JSON, of server: String) {
        guard let method = value["method"]?.stringValue, let params = value["params"]?.objectValue,
            let number = value["number"]?.integerValue
        else { return nil }
        if let result = value["result"]?.objectValue {
            outcome = .success(RawToolResult(members: result, size: value["size"]?.integerValue ?? 0))
        } else {
            guard let error = value["error"].flatMap(BridgeError.init(recorded:)) else { return nil }
            outcome = .failure(error)
        }
        self.server = server
        self.number = number
        request = ServerRequest(method, params)
    }

    var members: JSONObject {
        var members: JSONObject = [
            "server": .string(server), "method": .string(request.method), "params": .object(request.params),
            "number": .integer(number),
        ]
        switch outcome {
        case .success(let result):
            members["size"] = .integer(result.size)
            members["result"] = .object(result.members)
        case .failure(let error): members["error"] = error.json
        }
        return members
    }
}

extension BridgeError {
    /// Reads an error that ``json`` wrote.
    fileprivate init?(recorded value: JSON) {
        guard let kind = value["type"]?.stringValue.flatMap(Kind.init(rawValue:)),
            let message = value["message"]?.stringValue
        else { return nil }
        self.init(kind, message, data: value["data"]?.objectValue ?? JSONObject())
    }
}
