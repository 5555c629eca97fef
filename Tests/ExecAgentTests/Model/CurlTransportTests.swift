#if canImport(Glibc)
    import TestSupport
    import Testing

    @testable import ExecAgent

    /// Connections by libcurl, below the endpoint.
    @Suite(.timeLimit(.minutes(3))) struct CurlTransportTests {
        private func transport(
            _ url: String, adjust: (inout CurlSettings) -> Void = { _ in }
        ) throws -> CurlTransport {
            var options = EndpointOptions()
            options.baseURL = url
            return try CurlTransport(options, adjust: adjust)
        }

        /// All that comes of a request.
        private func answer(of transport: CurlTransport) async throws -> (heads: [UpstreamResponseHead], body: [UInt8])
        {
            var heads: [UpstreamResponseHead] = []
            var body: [UInt8] = []
            for try await event in transport.post(Array("{}".utf8)) {
                switch event {
                case .head(let head): heads.append(head)
                case .bytes(let bytes): body += bytes
                }
            }
            return (heads, body)
        }

        @Test func tellsTheFinalHeadAlone() async throws {
            let server = try ScriptedServer { _ in
                [
                    .send("HTTP/1.1 103 Early Hints\r\nRetry-After: 9\r\nLocation: /early\r\n\r\n"),
                    .send("HTTP/1.1 100 Continue\r\n\r\n"),
                    .send("HTTP/1.1 429 Slow Down\r\nRETRY-AFTER:  7 \r\nTransfer-Encoding: chunked\r\n\r\n"),
                    .send("2\r\nab\r\n0\r\nRetry-After: 8\r\nLocation: /late\r\n\r\n"),
                ]
            }
            defer { server.close() }
            let transport = try transport(server.url)
            let (heads, body) = try await answer(of: transport)
            #expect(heads == [UpstreamResponseHead(status: 429, retryAfter: "7", location: nil)])
            #expect(body == Array("ab".utf8))
        }

        @Test func receivesNoMoreThanIsRead() async throws {
            let part = String(repeating: "0123456789abcdef", count: 1 << 12)
            let server = try ScriptedServer { _ in
                [.send("HTTP/1.1 200 OK\r\nContent-Length: \(part.utf8.count * 100)\r\n\r\n")]
                    + Array(repeating: .send(part), count: 100)
            }
            defer { server.close() }
            let largestUnread = 64 << 10
            let transport = try transport(server.url) { $0.largestUnread = largestUnread }
            var count = 0
            var largest = 0
            for try await case .bytes(let bytes) in transport.post([]) {
                // What was turned away comes again, nothing twice, nothing out of its order.
                let expected = (count..<count + bytes.count).map { Array("0123456789abcdef".utf8)[$0 % 16] }
                #expect(bytes == expected)
                count += bytes.count
                largest = max(largest, bytes.count)
            }
            #expect(count == part.utf8.count * 100)
            #expect(largest < largestUnread + (16 << 10))
        }

        @Test(arguments: [
            ("X-Long: ", "x", 400 << 10), ("", "X-Many: 1\r\n", 40 << 10), ("\r\n", "HTTP/1.1 103\r\n\r\n", 20 << 10),
        ])
        func givesUpAHeadWithoutEnd(beginning: String, part: String, count: Int) async throws {
            let server = try ScriptedServer { _ in
                [.send("HTTP/1.1 103 Early Hints\r\n" + beginning + String(repeating: part, count: count)), .hang]
            }
            defer { server.close() }
            let transport = try transport(server.url)
            await #expect {
                try await answer(of: transport)
            } throws: { error in
                switch error as? TransportError {
                case .other, .tooLarge: true
                default: false
                }
            }
            try await server.abandoned.wait(forCount: 1)
        }

        @Test(arguments: ["SSH-2.0-OpenSSH\r\n", "HTTP/1.1 OK\r\n\r\n", "HTTP/9.9 200 OK\r\n\r\n"])
        func refusesWhatIsNotHTTP(text: String) async throws {
            let server = try ScriptedServer { _ in [.send(text), .close] }
            defer { server.close() }
            let transport = try transport(server.url)
            await #expect(throws: TransportError.self) { try await answer(of: transport) }
        }

        @Test func givesUpAConnectionThatDoesNotComeAbout() async throws {
            // It never answers the greeting of TLS.
            let server = try ScriptedServer { _ in [.hang] }
            defer { server.close() }
            let transport = try transport("https://127.0.0.1:\(server.port)") { $0.connectTimeout = .milliseconds(100) }
            await #expect(throws: TransportError.unconnected(seconds: 0)) { try await answer(of: transport) }
        }

        @Test func endsARequestWhoseAnswerNobodyReads() async throws {
            let server = try ScriptedServer { _ in .begin() + [.hang] }
            defer { server.close() }
            let transport = try transport(server.url)
            for try await _ in transport.post([]) { break }
            try await server.abandoned.wait(forCount: 1)
            var unread: AsyncThrowingStream<TransportEvent, any Error>? = transport.post([])
            try await server.requests.wait(forCount: 2)
            withExtendedLifetime(unread) {}
            unread = nil
            try await server.abandoned.wait(forCount: 2)
        }

        @Test func doesNotTakeItsOwnReaderForASilentServer() async throws {
            let server = try ScriptedServer { _ in
                .answer("200 OK", String(repeating: "x", count: 1 << 20)) + [.hang]
            }
            defer { server.close() }
            let transport = try transport(server.url) {
                $0.largestUnread = 1
                // Long enough for a server on a busy machine.
                $0.idleTimeout = .seconds(6)
            }
            var count = 0
            for try await case .bytes(let bytes) in transport.post([]) {
                // The server could not say anything in this time.
                if count == 0 { try await Task.sleep(for: .seconds(7)) }
                count += bytes.count
            }
            #expect(count == 1 << 20)
        }

        @Test func countsSilenceFromTheLastByteThatWasSent() async throws {
            let server = try ScriptedServer { _ in [.hang] }
            defer { server.close() }
            let transport = try transport(server.url) { $0.idleTimeout = .seconds(3) }
            let isFirst = await withTaskGroup(of: Bool.self) { group in
                group.addTask {
                    do { for try await _ in transport.post(Array(repeating: 1, count: 1000)) {} } catch {}
                    return true
                }
                // Beside it, so that a busy machine delays both.
                group.addTask {
                    try? await Task.sleep(for: .seconds(5.5))
                    return false
                }
                defer { group.cancelAll() }
                return await group.next()
            }
            #expect(isFirst == true)
        }

        @Test func endsItsRequestsWithItself() async throws {
            let server = try ScriptedServer { _ in .begin() + [.hang] }
            defer { server.close() }
            var transport: CurlTransport? = try transport(server.url)
            let stream = transport?.post([])
            try await server.requests.wait(forCount: 1)
            transport = nil
            await #expect(throws: TransportError.lost) {
                if let stream { for try await _ in stream {} }
            }
            try await server.abandoned.wait(forCount: 1)
        }

        @Test func trustsWhatTheEnvironmentNamesAndOtherwiseWhatThereIs() {
            func trust(_ variables: [String: String], preset: [String] = ["/preset"], _ files: String...) -> CurlTrust {
                CurlTrust(variable: { variables[$0] }, preset: preset, exists: { files.contains($0) })
            }
            let debian = "/etc/ssl/certs/ca-certificates.crt"
            let fedora = "/etc/pki/tls/certs/ca-bundle.crt"
            let none = trust([:], "/preset", debian)
            #expect(none.file == nil)
            #expect(none.directory == nil)
            #expect(trust([:], debian).file == debian)
            #expect(trust([:], preset: [], fedora).file == fedora)
            #expect(trust([:], preset: []).file == nil)
            #expect(trust(["SSL_CERT_FILE": "/mine"], "/preset").file == "/mine")
            #expect(trust(["SSL_CERT_FILE": "/mine", "CURL_CA_BUNDLE": "/other"]).file == "/mine")
            #expect(trust(["SSL_CERT_FILE": "", "CURL_CA_BUNDLE": "/other"]).file == "/other")
            let directory = trust(["SSL_CERT_DIR": "/mine.d"], debian)
            #expect(directory.file == nil)
            #expect(directory.directory == "/mine.d")
        }
    }
#endif
