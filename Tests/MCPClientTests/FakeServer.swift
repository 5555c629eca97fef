import JSON
import MCP
import MCPClient
import TestSupport
import Testing

/// Starts small servers in Python, each with the habits that a test gives it, and records what they say.
struct FakeServer {
    /// The lines of the server's standard error: what it was asked, where a test has it written.
    let said = Recorder<String>()
    /// The notifications that the client handed on.
    let notifications = Recorder<String>()
    /// What the client remarked on.
    let remarks = Recorder<String>()

    /// What every server is made of.
    private static let tools = """
        import json, os, signal, sys, threading, time

        def write(text):
            sys.stdout.write(text)
            sys.stdout.flush()

        def send(message):
            write(json.dumps(message) + "\\n")

        def answer(request, result):
            send({"jsonrpc": "2.0", "id": request["id"], "result": result})

        def refuse(request, code=-32601, message="no such method", data=None):
            error = {"code": code, "message": message} | ({} if data is None else {"data": data})
            send({"jsonrpc": "2.0", "id": request["id"], "error": error})

        def notify(method, **params):
            send({"jsonrpc": "2.0", "method": method, "params": params})

        def say(*words):
            print(*words, file=sys.stderr, flush=True)

        def messages():
            for line in sys.stdin:
                yield json.loads(line)

        def serve(handle, version="2025-11-25", capabilities=("tools", "prompts", "resources"), **handshake):
            offered = {name: {"listChanged": True} for name in capabilities}
            for message in messages():
                method = message.get("method")
                if method == "server/discover" and version == "2026-07-28":
                    answer(message, {"resultType": "complete", "supportedVersions": [version],
                        "capabilities": offered, "ttlMs": 0, "cacheScope": "public"} | handshake)
                elif method == "server/discover":
                    refuse(message)
                elif method == "initialize":
                    answer(message, {"protocolVersion": version, "capabilities": offered,
                        "serverInfo": {"name": "fake", "version": "1"}} | handshake)
                elif method == "subscriptions/listen" and not getattr(handle, "listens", False):
                    pass
                elif method != "notifications/initialized":
                    handle(message)

        def text(words):
            return {"content": [{"type": "text", "text": words}]}

        """

    /// The program of a server.
    static func program(_ script: String) -> ServerProgram {
        ServerProgram(
            executable: "/usr/bin/python3", arguments: ["-I", "-X", "utf8", "-c", tools + script],
            environment: ["PATH": "/usr/bin:/bin"])
    }

    /// Starts a server and connects.
    func start(
        _ script: String, limits: ClientLimits = .patient
    ) async throws(MCPClientError) -> MCPClient {
        ignoreBrokenPipes()
        let handlers = ServerHandlers(
            onNotification: notifications.record, onErrorLine: said.record, onRemark: remarks.record)
        return try await MCPClient.start(
            Self.program(script), as: ClientIdentity(name: "test", version: "0"), limits: limits, handlers: handlers)
    }

    /// Runs `body` with a client of a server, and ends it.
    func with(
        _ script: String, limits: ClientLimits = .patient, _ body: (MCPClient) async throws -> Void
    ) async throws {
        let client = try await start(script, limits: limits)
        do {
            try await body(client)
        } catch {
            await client.close()
            throw error
        }
        await client.close()
    }
}

extension ClientLimits {
    /// Time enough for a busy machine.
    static var patient: ClientLimits {
        var limits = ClientLimits()
        limits.probeSeconds = 60
        return limits
    }

    /// The same, with changes.
    static func patient(_ change: (inout ClientLimits) -> Void) -> ClientLimits {
        var limits = patient
        change(&limits)
        return limits
    }
}

extension MCPClient {
    /// Calls a tool without arguments and takes its text.
    func text(_ tool: String, timeLimit: Double? = 60) async throws -> String {
        let result = try await callTool(tool, [:], timeLimit: timeLimit)
        guard case .text(let text)? = result.content.first else { throw NoText() }
        return text
    }

    private struct NoText: Error {}
}
