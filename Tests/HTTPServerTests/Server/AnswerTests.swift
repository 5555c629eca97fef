import HTTPServer
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(3))) struct AnswerTests {
    private func stream(
        _ text: String, _ options: HTTPServerOptions = HTTPServerOptions(), handler: @escaping HTTPServer.Handler = echo
    ) async throws -> String {
        var answer = ""
        try await withServer(options, handler: handler) { port in
            let client = try RawClient(port: port)
            try client.send(text)
            answer = try await client.readToEnd()
        }
        return answer
    }

    @Test func answersAndKeepsTheConnection() async throws {
        try await withServer(handler: echo) { port in
            let client = try RawClient(port: port)
            try client.send(get("/one"))
            let first = try await client.read(through: "GET /one \n")
            #expect(first.hasPrefix("HTTP/1.1 200 OK\r\nDate: "))
            #expect(first.contains("\r\nContent-Length: 10\r\n"))
            #expect(!first.contains("Connection:"))
            try client.send(get("/two", last))
            #expect(try await client.readToEnd().contains("\r\nConnection: close\r\n\r\nGET /two \n"))
        }
    }

    @Test func answersPipelinedRequestsInOrder() async throws {
        let answer = try await stream(
            (0..<50).map { get("/\($0)") }.joined()
                + "POST /last HTTP/1.1\r\nHost: a\r\n\(last)Content-Length: 2\r\n\r\nhi"
        ) { request, remote in
            // The earlier takes longer.
            if request.path.count == 2 { try? await Task.sleep(for: .milliseconds(20)) }
            return await echo(request, remote)
        }
        let lines = answer.split(whereSeparator: \.isNewline).filter { $0.hasPrefix("GET ") || $0.hasPrefix("POST ") }
        #expect(lines.map(String.init) == (0..<50).map { "GET /\($0) " } + ["POST /last hi"])
    }

    @Test func streamsInChunks() async throws {
        let answer = try await stream(get("/", last)) { _, _ in
            HTTPResponse(
                body: .stream { writer in
                    try await writer.write("one ")
                    try await writer.write([])
                    try await writer.write("and two")
                })
        }
        #expect(answer.contains("\r\nTransfer-Encoding: chunked\r\n"))
        #expect(answer.hasSuffix("\r\n\r\n4\r\none \r\n7\r\nand two\r\n0\r\n\r\n"))
    }

    @Test func answersHEADWithoutMakingTheContent() async throws {
        let handler: HTTPServer.Handler = { request, _ in
            HTTPResponse(body: .omitted(length: request.path == "/known" ? 1_000_000 : nil))
        }
        let heads = ["/known", "/unknown"].map { "HEAD \($0) HTTP/1.1\r\nHost: a\r\n\r\n" }.joined()
        let answer = try await stream(heads + get("/known", last), handler: handler)
        let answers = answer.split(separator: "HTTP/1.1 ")
        try #require(answers.count == 3)
        #expect(answers.map { $0.prefix(3) } == ["200", "200", "500"])
        #expect(answers.map { $0.contains("Content-Length: 1000000\r\n") } == [true, false, false])
        #expect(answers.dropLast().allSatisfy { $0.hasSuffix("\r\n\r\n") && !$0.contains("chunked") })
    }

    @Test func sendsEachPieceWhenItIsMade() async throws {
        let (signals, signal) = AsyncStream<Void>.makeStream()
        let handler: HTTPServer.Handler = { _, _ in
            HTTPResponse(
                body: .stream { writer in
                    try await writer.write("first")
                    for await _ in signals { break }
                    try await writer.write("second")
                })
        }
        try await withServer(handler: handler) { port in
            let client = try RawClient(port: port)
            try client.send(get("/"))
            try await client.read(through: "5\r\nfirst\r\n")
            signal.yield()
            try await client.read(through: "6\r\nsecond\r\n0\r\n\r\n")
            try client.send(get("/", last))
        }
    }

    @Test func endsTheConnectionWhereAStreamBreaks() async throws {
        struct SampleError: Error {}
        let answer = try await stream(get("/")) { _, _ in
            HTTPResponse(
                body: .stream { writer in
                    try await writer.write("half")
                    throw SampleError()
                })
        }
        #expect(answer.hasSuffix("4\r\nhalf\r\n"), "no last chunk")
    }

    @Test func speaksToClientsOfHTTP10() async throws {
        let whole = try await stream("GET /x HTTP/1.0\r\n\r\n")
        #expect(whole.contains("\r\nConnection: close\r\n\r\nGET /x \n"))
        let streamed = try await stream("GET /x HTTP/1.0\r\nConnection: keep-alive\r\n\r\n") { _, _ in
            HTTPResponse(body: .stream { try await $0.write("text") })
        }
        #expect(!streamed.contains("chunked"))
        #expect(streamed.hasSuffix("\r\n\r\ntext"))
    }

    @Test func answersHEADWithoutContent() async throws {
        let whole = try await stream("HEAD /x HTTP/1.1\r\nHost: a\r\n\r\n" + get("/y", last))
        #expect(whole.contains("\r\nContent-Length: 9\r\n\r\nHTTP/1.1 200 OK"))
        let streamed = try await stream("HEAD / HTTP/1.1\r\nHost: a\r\n\(last)\r\n") { _, _ in
            HTTPResponse(body: .stream { _ in Issue.record("nothing is to be made") })
        }
        #expect(streamed.contains("Transfer-Encoding: chunked"))
        #expect(streamed.hasSuffix("\r\n\r\n"))
    }

    @Test func saysContinueToWhoWaitsForIt() async throws {
        try await withServer(handler: echo) { port in
            let client = try RawClient(port: port)
            try client.send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\(last)\r\n")
            #expect(try await client.read(through: "\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n")
            try client.send("hi")
            #expect(try await client.readToEnd().hasSuffix("POST / hi\n"))
        }
        let unasked = try await stream(
            "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\(last)\r\nhi")
        #expect(unasked.hasPrefix("HTTP/1.1 200"))
    }

    @Test func refusesByTheHeadBeforeTheBodyIsSent() async throws {
        var options = HTTPServerOptions()
        options.onRequestHead = { request, remote in
            #expect(remote.host == "127.0.0.1")
            #expect(request.body.isEmpty)
            return request.header("x-key") == nil ? HTTPResponse(status: 401, text: "no key") : nil
        }
        let head = "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n"
        let refused = try await stream(head + "\r\n", options)
        #expect(refused.hasPrefix("HTTP/1.1 401 Unauthorized\r\n"))
        #expect(refused.contains("Connection: close\r\n"))
        #expect(refused.hasSuffix("no key\n"))
        #expect(try await stream(head + "X-Key: k\r\n\(last)\r\nhi", options).hasSuffix("POST / hi\n"))
    }

    @Test func answersABugWith500AndNotWithASplitMessage() async throws {
        let log = Recorder<String>()
        var options = HTTPServerOptions()
        options.log = { log.record($0) }
        let answer = try await stream(get("/", last), options) { _, _ in
            HTTPResponse(headers: [HTTPHeader("X", "a\r\nSet-Cookie: b")])
        }
        #expect(answer.status == 500)
        #expect(!answer.contains("Set-Cookie"))
        #expect(log.elements.count == 1)
    }

    @Test func sendsLargeAnswersWhole() async throws {
        let content = (0..<3_000_000).map { UInt8(truncatingIfNeeded: 65 + $0 % 26) }
        let answer = try await stream(get("/", last)) { _, _ in HTTPResponse(body: .bytes(content)) }
        #expect(answer.utf8.count > content.count)
        #expect(answer.utf8.suffix(content.count).elementsEqual(content))
    }

    @Test func closesAfterSoManyRequests() async throws {
        let answer = try await stream(
            (0..<5).map { get("/\($0)") }.joined(), limits { $0.requestsPerConnection = 3 })
        #expect(answer.occurrences(of: "HTTP/1.1 200") == 3)
        #expect(answer.contains("Connection: close\r\n\r\nGET /2"))
    }

    @Test(arguments: ["127.0.0.1", "::1", "localhost"]) func listensAt(host: String) async throws {
        let server = try await HTTPServer.start(host: host, port: 0, handler: echo)
        #expect(server.port > 0)
        #expect(server.addresses.allSatisfy { $0.port == server.port })
        #expect(server.addresses.allSatisfy { ["127.0.0.1", "::1"].contains($0.host) })
        await server.stop()
    }

    @Test func saysWhyItCannotListen() async throws {
        let server = try await HTTPServer.start(host: "127.0.0.1", port: 0, handler: echo)
        await #expect(throws: ListenError.self) {
            try await HTTPServer.start(host: "127.0.0.1", port: server.port, handler: echo)
        }
        await #expect(throws: ListenError.self) {
            // A name that is too long for anyone to be asked for it.
            try await HTTPServer.start(host: String(repeating: "x", count: 300), port: 0, handler: echo)
        }
        await #expect(throws: ListenError.self) {
            try await HTTPServer.start(host: "127.0.0.1", port: 70000, handler: echo)
        }
        await server.stop()
    }
}
