import JSON
import MCP
import MCPClient
import MCPClientTestSupport
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(3))) struct CallTests {
    private let server = FakeServer()

    @Test func callsAToolWithItsArgumentsAndMetadata() async throws {
        let script = """
            def handle(message):
                answer(message, text(json.dumps(message["params"])) | {"isError": True, "structuredContent": [1]})
            serve(handle)
            """
        try await server.with(script) { client in
            let result = try await client.callTool(
                "echo", ["a": [1, nil, "é"]], meta: ["x-user-id": "ann"], timeLimit: 60)
            #expect(result.isError)
            #expect(result.structuredContent == [1])
            guard case .text(let params)? = result.content.first else { throw MCPClientError.cancelled }
            #expect(
                try JSON.parse(params)
                    == ["name": "echo", "arguments": ["a": [1, nil, "é"]], "_meta": ["x-user-id": "ann"]])
        }
    }

    @Test func findsTheAnswersToCallsInAnyOrder() async throws {
        let script = """
            waiting = []
            def handle(message):
                waiting.append(message)
                if len(waiting) == 100:
                    for each in reversed(waiting):
                        answer(each, text(each["params"]["name"]))
            serve(handle)
            """
        try await server.with(script) { client in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<100 {
                    group.addTask {
                        let text = try await client.text("tool \(number)")
                        #expect(text == "tool \(number)")
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test func passesProgressOnToWhoMadeTheCall() async throws {
        let script = """
            def handle(message):
                token = message["params"]["_meta"]["progressToken"]
                notify("notifications/progress", progressToken=token, progress=1, message="one")
                notify("notifications/progress", progressToken=token + 1000, progress=1, message="nobody's")
                notify("notifications/progress", progressToken="x", progress=1, message="nobody's")
                notify("notifications/progress", progressToken=token, progress=2)
                notify("notifications/progress", progressToken=token, progress=3, message=7)
                notify("notifications/progress", progressToken=token, progress=4, message="two")
                answer(message, text("done"))
                notify("notifications/progress", progressToken=token, progress=5, message="too late")
                notify("the/end")
            serve(handle)
            """
        try await server.with(script) { client in
            let heard = Recorder<String>()
            _ = try await client.callTool("t", [:], timeLimit: 60, onProgress: heard.record)
            try await server.notifications.wait(forCount: 1)
            #expect(heard.elements == ["one", "two"])
            #expect(server.notifications.elements == ["the/end"])
        }
    }

    @Test func doesNotAskForProgressThatNobodyHears() async throws {
        try await server.with("serve(lambda m: answer(m, text(str('_meta' in m['params']))))") { client in
            let isTold = try await client.text("t")
            #expect(isTold == "False")
        }
    }

    @Test func boundsHowOftenProgressIsPassedOn() async throws {
        let script = """
            def handle(message):
                for step in range(50000):
                    notify("notifications/progress", progressToken=message["params"]["_meta"]["progressToken"],
                        progress=step, message="step")
                answer(message, text("done"))
            serve(handle)
            """
        try await server.with(script) { client in
            let heard = Recorder<String>()
            let clock = ContinuousClock()
            let time = try await clock.measure {
                _ = try await client.callTool("t", [:], timeLimit: nil, onProgress: heard.record)
            }
            #expect(heard.elements.count >= 20)
            #expect(Double(heard.elements.count) <= 21 + 20 * (time / .seconds(1)))
        }
    }

    @Test func tellsTheServerOfACancelledCallAndDropsWhatComesThen() async throws {
        let script = """
            cancelled = None
            def handle(message):
                global cancelled
                if message["method"] == "notifications/cancelled":
                    say("cancelled", json.dumps(message["params"]["requestId"]))
                    send({"jsonrpc": "2.0", "id": message["params"]["requestId"], "result": text("late")})
                elif message["params"]["name"] == "slow":
                    say("slow", message["id"])
                else:
                    answer(message, text("quick"))
            serve(handle)
            """
        try await server.with(script) { client in
            let call = Task { try await client.text("slow") }
            let id = try #require(try await server.said.wait(forCount: 1)[0].split(separator: " ").last)
            call.cancel()
            await #expect(throws: MCPClientError.cancelled) { _ = try await call.value }
            #expect(try await client.text("other") == "quick")
            #expect(try await server.said.wait(forCount: 2)[1] == "cancelled \(id)")
            #expect(server.remarks.elements.isEmpty)
        }
    }

    @Test func makesNoCallInACancelledTask() async throws {
        try await server.with("serve(lambda m: say(m['method']))") { client in
            let call = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                return try await client.text("t")
            }
            await #expect(throws: MCPClientError.cancelled) { _ = try await call.value }
        }
        #expect(server.said.elements.isEmpty)
    }

    @Test func givesUpACallWhoseTimeIsUp() async throws {
        let script = """
            serve(lambda m: say(m["params"]["reason"]) if m["method"] == "notifications/cancelled" else None)
            """
        try await server.with(script, limits: .patient { $0.requestSeconds = 1 }) { client in
            await #expect(throws: MCPClientError.timedOut(seconds: 1)) { try await client.listTools() }
            await #expect(throws: MCPClientError.timedOut(seconds: 1.25)) {
                try await client.text("t", timeLimit: 1.25)
            }
            try await server.said.wait(forCount: 2)
        }
        #expect(server.said.elements.last == "the MCP server did not answer in 1.25 seconds")
    }

    @Test func failsTheCallsOfAServerThatDies() async throws {
        let script = """
            count = 0
            def handle(message):
                global count
                count += 1
                if count == 3:
                    say("out of memory")
                    os.kill(os.getpid(), signal.SIGKILL)
            serve(handle)
            """
        try await server.with(script) { client in
            let ended = Recorder<String>()
            client.onEnd(ended.record)
            let calls = (0..<3).map { _ in Task { try await client.text("t", timeLimit: nil) } }
            let error = MCPClientError.ended("signal 9; it last said: out of memory")
            for call in calls { await #expect(throws: error) { _ = try await call.value } }
            await #expect(throws: error) { _ = try await client.listTools() }
            try await ended.wait(forCount: 1)
            client.onEnd(ended.record)
            #expect(ended.elements == Array(repeating: "signal 9; it last said: out of memory", count: 2))
        }
    }

    @Test func tellsARefusalInTheServersWords() async throws {
        try await server.with("serve(lambda m: refuse(m, -32602, 'There is no tool x.'))") { client in
            await #expect(throws: MCPClientError.refused(code: -32602, message: "There is no tool x.")) {
                try await client.text("x")
            }
        }
    }

    @Test func boundsHowManyRequestsWait() async throws {
        let script = """
            def handle(message):
                if message["method"] == "notifications/cancelled": return
                if message["params"]["name"] == "silent": say("silent")
                else: answer(message, text("hello"))
            serve(handle)
            """
        try await server.with(script, limits: .patient { $0.requestsInFlight = 3 }) { client in
            let calls = (0..<3).map { _ in Task { try await client.text("silent") } }
            try await server.said.wait(forCount: 3)
            await #expect(throws: MCPClientError.tooManyRequests(limit: 3)) { try await client.text("hello") }
            calls.forEach { $0.cancel() }
            for call in calls { await #expect(throws: MCPClientError.cancelled) { _ = try await call.value } }
            #expect(try await client.text("hello") == "hello")
        }
    }
}
