import ChildProcess
import JSON
import MCPClient
import MCPClientTestSupport
import TestSupport
import Threading

/// A small MCP server over HTTP in Python, with the habits that a test gives it.
final class FakeHTTPServer: Sendable {
    /// What happened there: `METHOD name header=value…` for each request, and what the script notes.
    let journal = Recorder<String>()
    let notifications = Recorder<String>()
    let remarks = Recorder<String>()
    private let child: ChildProcess
    private let port = Recorder<Int>()
    private let end = Recorder<ChildProcess.End>()

    /// Starts a server.
    ///
    /// - Parameter script: may redefine `answer(handler, message)` and the variables of the prelude.
    init(_ script: String = "") throws {
        ignoreBrokenPipes()
        child = try ChildProcess(
            starting: Command(
                executable: FakeServerScript.interpreter,
                arguments: ["-I", "-X", "utf8", "-c", Self.prelude + script + "\nrun()\n"]), isGuarded: true)
        let rest = Locked("")
        try child.read(
            onOutput: { [journal, port] piece in
                let lines = rest.withLock { rest in
                    rest += String(decoding: piece, as: UTF8.self)
                    let lines = rest.split(separator: "\n", omittingEmptySubsequences: false)
                    rest = String(lines.last ?? "")
                    return lines.dropLast().map(String.init)
                }
                for line in lines {
                    if line.hasPrefix("PORT ") {
                        port.record(Int(line.dropFirst(5)) ?? 0)
                    } else {
                        journal.record(line)
                    }
                }
            }, onErrorOutput: { [journal] in journal.record("ERROR " + String(decoding: $0, as: UTF8.self)) },
            onEnd: end.record)
    }

    deinit { stop() }

    /// Ends it.
    func stop() { child.signal(9) }

    /// Ends it.
    ///
    /// - Returns: all that happened.
    func stopped() async throws -> [String] {
        stop()
        try await end.wait(forCount: 1)
        return journal.elements
    }

    /// Its address: `http://127.0.0.1:PORT`.
    var origin: String {
        get async throws { "http://127.0.0.1:\(try await port.wait(forCount: 1)[0])" }
    }

    /// Connects to it.
    ///
    /// - Parameters:
    ///   - url: in place of its address and `path`.
    ///   - environment: of `curl`, besides `PATH`.
    func start(
        url: String? = nil, path: String = "/mcp", headers: [String: String] = [:], secrets: [String: String] = [:],
        environment: [String: String] = [:], limits: ClientLimits = .patient
    ) async throws -> MCPClient {
        let origin = try await origin
        let endpoint = HTTPEndpoint(
            url: url ?? origin + path, headers: headers,
            environment: environment.merging(["PATH": "/usr/bin:/bin"]) { $1 }, secrets: secrets)
        return try await MCPClient.start(
            endpoint, as: ClientIdentity(name: "test", version: "0"), limits: limits,
            handlers: ServerHandlers(onNotification: notifications.record, onRemark: remarks.record))
    }

    /// Runs `body` with a client, and closes that.
    func with(
        path: String = "/mcp", headers: [String: String] = [:], secrets: [String: String] = [:],
        limits: ClientLimits = .patient, _ body: (MCPClient) async throws -> Void
    ) async throws {
        let client = try await start(path: path, headers: headers, secrets: secrets, limits: limits)
        try await closing(with: client.close) { try await body(client) }
    }

    private static let prelude = #"""
        import json, os, sys, threading, time
        from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

        era, session, streams, changes = "legacy", "s-1", False, False
        shown = ()
        lock = threading.Lock()

        def note(*words):
            with lock:
                print(*words, flush=True)

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            def log_message(self, *words): pass

            def handle_one_request(self):
                try:
                    super().handle_one_request()
                except (BrokenPipeError, ConnectionResetError):
                    self.close_connection = True

            def do(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                self.message = json.loads(body) if body else {}
                values = [f"{name}={self.headers[name]}" for name in shown if name in self.headers]
                note(self.command, self.message.get("method", "-"), *values)
                answer(self, self.message)
            do_POST = do_GET = do_DELETE = do_CONNECT = do

            def give(self, status, body=b"", type="application/json", **headers):
                body = body if isinstance(body, bytes) else body.encode() if isinstance(body, str) else json.dumps(body).encode()
                self.send_response(status)
                if type: self.send_header("Content-Type", type)
                self.send_header("Content-Length", str(len(body)))
                for name, value in headers.items(): self.send_header(name.replace("_", "-"), value)
                self.end_headers()
                self.wfile.write(body)

            def stream(self):
                self.send_response(200)
                self.send_header("Content-Type", "text/event-stream; charset=utf-8")
                self.send_header("Connection", "close")
                self.end_headers()
                self.close_connection = True

            def event(self, data, id=None, retry=None):
                text = data if isinstance(data, str) else json.dumps(data)
                lines = [f"id: {id}"] * (id is not None) + [f"retry: {retry}"] * (retry is not None) + [f"data: {text}"]
                self.wfile.write(("\r\n".join(lines) + "\r\n\r\n").encode())
                self.wfile.flush()

            def closed(self):
                # Waits until the client has ended the connection.
                try: return self.connection.recv(1) == b""
                except OSError: return True

            def result(self, result, **headers):
                message = {"jsonrpc": "2.0", "id": self.message["id"], "result": result}
                if not streams: return self.give(200, message, **headers)
                self.stream()
                self.event(message)

            def error(self, code, text, status=200):
                self.give(status, {"jsonrpc": "2.0", "id": self.message.get("id"), "error": {"code": code, "message": text}})

        def text(text): return {"content": [{"type": "text", "text": text}]}

        def call(h, m): h.result(text(m["params"]["name"]))

        def answer(h, m): usual(h, m)

        def usual(h, m):
            method = m.get("method")
            offered = {"tools": {"listChanged": changes}}
            if h.command == "GET": return h.give(405)
            if h.command == "DELETE": return h.give(200)
            if method == "server/discover":
                if era == "legacy": return h.give(400, "Bad Request: no session", "text/plain")
                return h.result({"resultType": "complete", "supportedVersions": ["2026-07-28"], "capabilities": offered,
                    "ttlMs": 0, "cacheScope": "public"})
            if method == "initialize":
                return h.result({"protocolVersion": "2025-06-18", "capabilities": offered,
                    "serverInfo": {"name": "fake", "version": "1"}}, **({"Mcp_Session_Id": session} if session and not streams else {}))
            if "id" not in m: return h.give(202)
            if method == "tools/call": return call(h, m)
            if method == "tools/list": return h.result({"tools": [{"name": "echo", "inputSchema": {"type": "object"}}]})
            h.error(-32601, "no such method")

        def run():
            class Server(ThreadingHTTPServer):
                daemon_threads = True
                def handle_error(self, *_): pass
            server = Server(("127.0.0.1", 0), Handler)
            print("PORT", server.server_port, flush=True)
            server.serve_forever()

        """#
}
