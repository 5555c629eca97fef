import ChildProcess
import Foundation
import JSON
import MCP
import MCPClient
import TestSupport
import Testing

/// Servers with a URL that keep to the rules.
@Suite(.timeLimit(.minutes(3))) struct HTTPTransportTests {
    @Test(arguments: ["legacy", "modern"], [false, true])
    func callsToolsInEitherEraAndFormat(era: String, streams: Bool) async throws {
        let server = try FakeHTTPServer("era, streams = '\(era)', \(streams ? "True" : "False")")
        try await server.with { client in
            #expect(client.server.revision == (era == "modern" ? .july2026 : .june2025))
            let tools = try await client.listTools()
            #expect(tools.map(\.name) == ["echo"])
            #expect(try await client.text("echo") == "echo")
            await #expect(throws: MCPClientError.refused(code: -32601, message: "no such method")) {
                try await client.fetch("nothing/such", [:])
            }
        }
        #expect(server.remarks.elements.isEmpty)
    }

    @Test func aLegacySessionHasItsHeadersAndItsEnd() async throws {
        let server = try FakeHTTPServer("shown = ('Mcp-Session-Id', 'MCP-Protocol-Version', 'Mcp-Method')")
        try await server.with { client in _ = try await client.text("echo") }
        let session = "Mcp-Session-Id=s-1 MCP-Protocol-Version=2025-06-18"
        #expect(
            try await server.stopped() == [
                "POST server/discover MCP-Protocol-Version=2026-07-28 Mcp-Method=server/discover", "POST initialize",
                "POST notifications/initialized \(session)", "POST tools/call \(session)", "DELETE - \(session)",
            ])
    }

    @Test func aModernRequestRepeatsWhatItIsAbout() async throws {
        let server = try FakeHTTPServer(
            "era = 'modern'; shown = ('Mcp-Session-Id', 'MCP-Protocol-Version', 'Mcp-Method', 'Mcp-Name')")
        try await server.with { client in
            _ = try await client.text("é \"\\")
            _ = try? await client.readResource("a://b")
        }
        let version = "MCP-Protocol-Version=2026-07-28"
        #expect(
            try await server.stopped() == [
                "POST server/discover \(version) Mcp-Method=server/discover",
                "POST tools/call \(version) Mcp-Method=tools/call Mcp-Name==?base64?w6kgIlw=?=",
                "POST resources/read \(version) Mcp-Method=resources/read Mcp-Name=a://b",
            ])
    }

    @Test func headersArriveAsTheyAreConfigured() async throws {
        let server = try FakeHTTPServer("shown = ('Authorization', 'X-Odd', 'X-Empty', 'Expect')")
        let value = #"a "b" \ c\n: é "\#u{301}x \#u{600}\y"#
        try await server.with(headers: ["Authorization": "Bearer t", "X-Odd": value, "X-Empty": ""]) { client in
            let long = JSON.string(String(repeating: "x", count: 3_000_000))
            _ = try await client.callTool("echo", ["a": long], timeLimit: 60)
        }
        let seen = Set(
            try await server.stopped().map { $0.split(separator: " ", maxSplits: 2).last.map(String.init) ?? "" })
        let odd = String(decoding: Array(value.utf8).map { UInt16($0) }, as: UTF16.self)
        #expect(seen == ["Authorization=Bearer t X-Odd=\(odd) X-Empty="])
    }

    @Test func progressArrivesAndTheServersPingIsAnswered() async throws {
        let server = try FakeHTTPServer(
            """
            def call(h, m):
                h.stream()
                token = m["params"]["_meta"]["progressToken"]
                h.wfile.write(b": comment\\n\\nevent: other\\ndata: x\\n\\n")
                h.event({"jsonrpc": "2.0", "method": "notifications/progress", "params": {"progressToken": token, "progress": 1, "message": "half"}})
                h.event({"jsonrpc": "2.0", "id": "p", "method": "ping"})
                answered.wait()
                h.event({"jsonrpc": "2.0", "id": m["id"], "result": text("done")})
                h.closed()
            answered = threading.Event()
            def answer(h, m):
                if m.get("id") == "p" and m.get("result") == {}: answered.set(); return h.give(202)
                usual(h, m)
            """)
        try await server.with { client in
            let progress = Recorder<String>()
            let result = try await client.callTool("echo", [:], timeLimit: 60, onProgress: progress.record)
            #expect(result.content.count == 1)
            #expect(progress.elements == ["half"])
        }
    }

    @Test func cancellationReachesALegacyServerAsAMessage() async throws {
        let server = try FakeHTTPServer(
            """
            def call(h, m):
                note("called", m["id"])
                h.stream()
                h.closed()
            def answer(h, m):
                if m.get("method") == "notifications/cancelled": note("cancelled", m["params"]["requestId"])
                usual(h, m)
            """)
        try await server.with { client in
            let call = Task { try await client.text("slow", timeLimit: nil) }
            let called = try await server.journal.wait { $0.last?.hasPrefix("called") == true }.last ?? ""
            call.cancel()
            await #expect(throws: MCPClientError.cancelled) { try await call.value }
            try await server.journal.wait { $0.contains(called.replacing("called", with: "cancelled")) }
            await #expect(throws: MCPClientError.timedOut(seconds: 3)) { try await client.text("x", timeLimit: 3) }
            try await server.journal.wait { $0.filter { $0.hasPrefix("cancelled") }.count == 2 }
        }
    }

    @Test func cancellationReachesAModernServerAsTheEndOfTheStream() async throws {
        let server = try FakeHTTPServer(
            """
            era = "modern"
            def call(h, m):
                note("called")
                if h.closed(): note("closed")
            """)
        try await server.with { client in
            let call = Task { try await client.text("slow", timeLimit: nil) }
            try await server.journal.wait { $0.contains("called") }
            call.cancel()
            try await server.journal.wait { $0.contains("closed") }
            await #expect(throws: MCPClientError.cancelled) { try await call.value }
        }
        #expect(try await !server.stopped().contains { $0.contains("notifications/cancelled") })
    }

    @Test(arguments: ["404", "400, 'Bad Request: No valid session ID provided', 'text/plain'"])
    func aSessionThatHasEndedIsBegunAnewOnce(answer: String) async throws {
        let server = try FakeHTTPServer(
            """
            current = ["s-1"]
            shown = ("Mcp-Session-Id",)
            def answer(h, m):
                if m.get("method") == "initialize":
                    global session
                    session = current[0]
                elif m.get("method") == "tools/call":
                    if h.headers["Mcp-Session-Id"] != current[0]: return h.give(\(answer))
                    if m["params"]["name"] == "end": current[0] = "s-2"
                usual(h, m)
            """)
        try await server.with { client in
            #expect(try await client.text("end") == "end")
            let texts = try await withThrowingTaskGroup(of: String.self) { group in
                for number in 0..<6 { group.addTask { try await client.text("call \(number)") } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(texts.count == 6)
            let journal = try await server.stopped()
            #expect(journal.filter { $0.hasPrefix("POST initialize") }.count == 2)
            #expect(journal.contains("POST notifications/initialized Mcp-Session-Id=s-2"))
            #expect(server.notifications.elements.contains("notifications/tools/list_changed"))
        }
    }

    @Test(arguments: ["h.give(404)", "h.give(400, 'no session')", "h.give(405)", "h.give(307, Location='/other')"])
    func aCallThatWasAcceptedMayHaveHappenedHoweverItsStreamIsRefused(answer: String) async throws {
        let server = try FakeHTTPServer(
            """
            def call(h, m):
                h.stream()
                h.event("", id="e1", retry=1)
            def answer(h, m):
                if h.command != "GET" or "Last-Event-ID" not in h.headers: return usual(h, m)
                \(answer)
            """)
        try await server.with { client in
            await #expect(
                throws: MCPClientError.unavailable(
                    "its event stream ended before the response", mayHaveHappened: true)
            ) { try await client.text("echo") }
        }
        let calls = try await server.stopped().filter { $0.hasPrefix("POST tools/call") }
        #expect(calls.count == 1)
    }

    @Test func aStreamThatIsContinuedAndBringsNothingIsContinuedAgain() async throws {
        let server = try FakeHTTPServer(
            """
            silent = 2
            def call(h, m):
                global waiting
                waiting = m["id"]
                h.stream()
                h.event("", id="e1", retry=1)
            def answer(h, m):
                global silent
                if h.command != "GET" or h.headers["Last-Event-ID"] != "e1": return usual(h, m)
                h.stream()
                silent -= 1
                if silent < 0: h.event({"jsonrpc": "2.0", "id": waiting, "result": text("late")})
            """)
        try await server.with { client in
            let text = try await client.text("echo")
            #expect(text == "late")
        }
    }

    @Test func questionsOfAServerAreAnsweredAFewAtATime() async throws {
        let server = try FakeHTTPServer(
            """
            answering, most, answered = 0, 0, 0
            def call(h, m):
                if m["params"]["name"] == "most":
                    while answered < 60: time.sleep(0.01)
                    return h.result(text(str(most)))
                h.stream()
                for n in range(60): h.event({"jsonrpc": "2.0", "id": f"p{n}", "method": "ping"})
                h.event({"jsonrpc": "2.0", "id": m["id"], "result": text("asked")})
            def answer(h, m):
                global answering, most, answered
                if "method" in m or h.command != "POST": return usual(h, m)
                with lock:
                    answering += 1
                    most = max(most, answering)
                time.sleep(0.05)
                with lock: answering, answered = answering - 1, answered + 1
                h.give(202)
            """)
        try await server.with { client in
            let asked = try await client.text("ask")
            #expect(asked == "asked")
            let most = try await client.text("most")
            #expect((1...8).contains(Int(most) ?? 0), "\(most)")
        }
    }

    @Test func aStreamThatEndsIsContinued() async throws {
        let server = try FakeHTTPServer(
            """
            shown = ("Last-Event-ID", "Mcp-Session-Id")
            def call(h, m):
                global waiting
                waiting = m["id"]
                h.stream()
                h.event("", id="e1", retry=1)
            def answer(h, m):
                if h.command != "GET": return usual(h, m)
                h.stream()
                if h.headers["Last-Event-ID"] == "e1": return h.event("", id="e2", retry=1)
                h.event({"jsonrpc": "2.0", "id": waiting, "result": text("late")})
            """)
        try await server.with { client in
            let text = try await client.text("echo")
            #expect(text == "late")
        }
        // The exchange that brought the result may not have ended when the client is closed, which then cancels it.
        let journal = try await server.stopped().filter { !$0.hasPrefix("POST notifications/cancelled ") }
        #expect(
            journal.suffix(4) == [
                "POST tools/call Mcp-Session-Id=s-1", "GET - Last-Event-ID=e1 Mcp-Session-Id=s-1",
                "GET - Last-Event-ID=e2 Mcp-Session-Id=s-1", "DELETE - Mcp-Session-Id=s-1",
            ])
    }

    @Test(arguments: ["legacy", "modern"])
    func changesOfListsAreReported(era: String) async throws {
        let server = try FakeHTTPServer(
            """
            era, changes = "\(era)", True
            def answer(h, m):
                if h.command != "GET" and m.get("method") != "subscriptions/listen": return usual(h, m)
                h.stream()
                h.event({"jsonrpc": "2.0", "method": "notifications/tools/list_changed"})
                if h.closed(): note("closed")
            """)
        try await server.with { _ in
            let notifications = try await server.notifications.wait(forCount: 1)
            #expect(notifications == ["notifications/tools/list_changed"])
        }
        try await server.journal.wait { $0.contains("closed") }
    }

    @Test func argumentsAreRepeatedInHeadersIfTheSchemaSaysSo() async throws {
        let server = try FakeHTTPServer(
            """
            era = "modern"
            shown = ("Mcp-Param-Region", "Mcp-Param-Deep")
            def call(h, m):
                if "Mcp-Param-Region" not in h.headers: return h.error(-32020, "mismatch", 400)
                h.result(text("done"))
            def answer(h, m):
                if m.get("method") != "tools/list": return usual(h, m)
                deep = {"type": "object", "properties": {"b": {"type": "integer", "x-mcp-header": "Deep"}}}
                h.result({"tools": [{"name": "echo", "inputSchema": {"type": "object", "properties": {
                    "region": {"type": "string", "x-mcp-header": "Region"}, "a": deep, "odd": {"type": "string"}}}}]})
            """)
        try await server.with { client in
            let calls: [JSONObject] = [["region": "é", "a": ["b": 7], "odd": "x"], ["region": "eu", "a": nil]]
            for arguments in calls {
                _ = try await client.callTool("echo", arguments, timeLimit: 60)
            }
            await #expect(throws: MCPClientError.refused(code: -32020, message: "mismatch")) {
                try await client.callTool("echo", [:], timeLimit: 60)
            }
        }
        #expect(
            try await server.stopped() == [
                "POST server/discover", "POST tools/call", "POST tools/list",
                "POST tools/call Mcp-Param-Region==?base64?w6k=?= Mcp-Param-Deep=7",
                "POST tools/call Mcp-Param-Region=eu", "POST tools/call",
            ])
    }

    @Test func redirectsWithinTheServerAreFollowedWithHeaders() async throws {
        let server = try FakeHTTPServer(
            """
            shown = ("X-Key",)
            def answer(h, m):
                if h.path == "/mcp": return h.give(307, Location="/mcp/?x=1")
                note(h.path)
                usual(h, m)
            """)
        try await server.with(headers: ["X-Key": "k"]) { client in
            let text = try await client.text("echo")
            #expect(text == "echo")
        }
        let journal = try await server.stopped()
        #expect(journal.filter { $0 == "POST initialize X-Key=k" }.count == 1)
        #expect(journal.contains("/mcp/?x=1"))
    }

    @Test func nothingOfARequestIsInArguments() async throws {
        let server = try FakeHTTPServer(
            """
            def call(h, m):
                note("called")
                h.closed()
            """)
        try await server.with(path: "/secret-path", headers: ["X-Key": "secret-value"]) { client in
            let call = Task { try await client.callTool("x", ["a": "secret-argument"], timeLimit: nil) }
            try await server.journal.wait { $0.contains("called") }
            let listed = try await Command(executable: "/bin/ps", arguments: ["-axww", "-o", "args"])
                .run(limit: 16 << 20, timeout: 60)
            let lines = String(decoding: listed.output, as: UTF8.self).split(separator: "\n")
            #expect(lines.contains { $0.hasSuffix("curl --disable --config -") })
            #expect(!lines.contains { $0.contains("secret-") && $0.contains("curl") })
            call.cancel()
            _ = try? await call.value
        }
    }

    @Test func exchangesLeaveNoDescriptorAndNoProcessBehind() async throws {
        await #expect(processExitsWith: .success) {
            let server = try FakeHTTPServer(
                """
                def call(h, m):
                    name = m["params"]["name"]
                    if name == "last": note(name)
                    if name != "echo": return h.closed()
                    h.result(text("x"))
                """)
            try await server.with { client in _ = try await client.text("echo") }
            try await warmUpClocks()
            let before = try openDescriptors()
            try await server.with { client in
                await withTaskGroup(of: Void.self) { group in
                    for number in 0..<10 {
                        group.addTask {
                            _ = try? await client.text(number % 2 == 0 ? "hang" : "echo", timeLimit: 0.5)
                        }
                    }
                }
                // On a busy machine the time of some calls is up before they are sent.
                let call = Task { try await client.text("last", timeLimit: nil) }
                try await server.journal.wait { $0.contains("last") }
                await client.close()
                await #expect(throws: MCPClientError.ended("it was closed")) { try await call.value }
            }
            try await eventually { try openDescriptors() <= before }
        }
    }
}
