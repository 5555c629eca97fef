import Bridge
import Diagnostics
import ExecCore
import Foundation
import JSON
import JSONRPC
import TestSupport
import Testing
import Threading

@testable import ExecMCP

/// A session without a process around it: lines in, and what it writes to its pipe, in order.
final class SessionHarness: Sendable {
    /// What the session wrote.
    let written = Recorder<JSON>()
    let log = Recorder<String>()
    private let session: Session
    private let server: Server
    private let pipe: TestPipe

    /// - Parameter engine: the program in the engine's place; `nil` for a machine without one.
    init(
        engine: String? = nil, audit: AuditLog? = nil, pipeline: CallPipeline? = nil, bridge: Bridge? = nil,
        telemetry: ServerTelemetry = ServerTelemetry(),
        _ change: (inout Options) -> Void = { _ in }
    ) throws {
        var options = Options(user: try #require(UserID("default")))
        change(&options)
        pipe = try TestPipe()
        let logger = Logger(program: "exec-mcp", level: .debug) { [log] in log.record($0) }
        let writer = try LineWriter(descriptor: pipe.writeEnd) {}
        server = Server(
            options, audit: audit, pipeline: pipeline ?? CallPipeline(telemetry: telemetry), bridge: bridge,
            telemetry: telemetry, logger: logger
        ) {
            () throws(ExecError) in
            guard let engine else { throw ExecError(.engineMissing, "No engine: install one.") }
            return DockerCLI(program: engine, environment: ["PATH": "/usr/bin:/bin"])
        } send: {
            writer.write($0)
        } notify: {
            writer.write($0.json)
        }
        session = Session(methods: server.methods, writer: writer, logger: logger)
        try BackgroundThread.start { [written, pipe] in
            try? LineReader(descriptor: pipe.readEnd, lineLimit: 100 << 20).forEachLine { line in
                if case .complete(let bytes) = line, let message = try? JSON.parse(bytes) {
                    written.record(message)
                } else {
                    Issue.record("wrote what is no JSON")
                }
            }
            pipe.closeReadEnd()
        }
    }

    deinit {
        // The end of the thread that reads; the session's own may still be at work.
        pipe.endStream()
    }

    /// The number of questions to the client that wait.
    var waitingQuestions: Int { server.methods.questions.waitingCount }

    /// The number of those that wait until others are answered.
    var queuedQuestions: Int { server.methods.questions.queuedCount }

    /// Hands the session one line.
    func send(_ line: String) {
        session.receive(.complete(Array(line.utf8)))
    }

    /// Hands the session one message.
    func send(_ message: JSON) {
        send(message.text)
    }

    func receive(_ line: LineSplitter.Line) {
        session.receive(line)
    }

    /// Sends a request and waits for its answer.
    func answer(_ method: String, _ params: JSON? = nil, id: JSON = .string(UUID().uuidString)) async throws -> JSON {
        send(Self.request(method, params, id: id))
        return try await answer(to: id)
    }

    /// Waits for the answer to a request that was sent.
    func answer(to id: JSON) async throws -> JSON {
        let messages = try await written.wait { $0.contains { $0["id"] == id } }
        return try #require(messages.first { $0["id"] == id })
    }

    /// The revision that the handshake agrees on.
    @discardableResult
    func initialize(_ revision: String, capabilities: JSON = [:]) async throws -> JSON {
        let params: JSON = [
            "protocolVersion": .string(revision), "capabilities": capabilities,
            "clientInfo": ["name": "t", "version": "1"],
        ]
        let answer = try await answer("initialize", params)
        send(["jsonrpc": "2.0", "method": "notifications/initialized"])
        return answer
    }

    /// Ends all work, after which nothing more is written but what was asked for since.
    func close() async {
        await server.close(grace: 10)
    }

    static func request(_ method: String, _ params: JSON? = nil, id: JSON) -> JSON {
        var message: JSONObject = ["jsonrpc": "2.0", "id": id, "method": .string(method)]
        message["params"] = params
        return .object(message)
    }

    /// The parameters of a request in the modern revision.
    static func modern(_ params: JSONObject = [:]) -> JSON {
        var params = params
        params["_meta"] = [
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": [:],
        ]
        return .object(params)
    }
}

extension JSON {
    /// The code of the error that this answer is.
    var errorCode: Int? { self["error"]?["code"]?.integerValue }
    /// The text of the error that this answer is.
    var errorMessage: String { self["error"]?["message"]?.stringValue ?? "" }
}
