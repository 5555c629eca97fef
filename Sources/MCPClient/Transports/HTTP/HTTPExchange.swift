import ChildProcess
import MCP
import SystemCalls
import Threading

// Single HTTP requests.
extension HTTPTransport {
    /// Sends one HTTP request and reads the response. Stops if the calling task is cancelled.
    ///
    /// - Parameters:
    ///   - session: the session that it belongs to; by default the current one.
    ///   - isOver: whether the rest of the response is of no interest.
    /// - Returns: the response as far as it was read, and the failure of the connection.
    func exchange(
        _ method: String, _ headers: [HeaderField] = [], body: [UInt8]? = nil, session: String?? = nil,
        maxSeconds: Double? = nil, isOver: @escaping @Sendable () -> Bool = { false },
        onHead: @escaping @Sendable (HTTPAnswerHead) -> Void = { _ in },
        onEvent: @escaping @Sendable ([UInt8]) -> Void = { _ in }
    ) async -> (answer: HTTPAnswerReader.Answer, failure: MCPClientError?) {
        let (url, current, server) = state.withLock { ($0.url, $0.session, $0.server) }
        var all = [HeaderField("Accept", method == "GET" ? "text/event-stream" : "application/json, text/event-stream")]
        if body != nil { all.append(HeaderField("Content-Type", "application/json")) }
        if let session = session ?? current { all.append(HeaderField("Mcp-Session-Id", session)) }
        let isProbe = server == nil && !headers.isEmpty
        if let revision = server?.revision ?? (isProbe ? Handshake.modern : nil) {
            all.append(HeaderField("MCP-Protocol-Version", revision.rawValue))
        }
        all += headers
        all += endpoint.headers.sorted { $0.key < $1.key }.map { HeaderField($0.key, $0.value) }
        do {
            let process = try CurlProcess(
                CurlProcess.Request(
                    method: method, url: url.text, headers: all, body: body, maxSeconds: maxSeconds),
                executable: curl, environment: endpoint.environment)
            let clock = Locked<Task<Void, any Error>?>(nil)
            defer { clock.withLock { $0?.cancel() } }
            let reader = HTTPAnswerReader(
                limit: limits.lineBytes,
                onHead: { [limits] head in
                    onHead(head)
                    guard !head.isSuccess else { return }
                    // The status says enough; what it is about must not take the time of other requests.
                    let timer = Task.detached {
                        try await Task.sleep(for: .seconds(limits.errorBodySeconds))
                        process.stop()
                    }
                    clock.withLock { $0 = timer }
                }, onEvent: onEvent)
            let end = try await process.run { piece in
                if !reader.feed(piece) || isOver() { process.stop() }
            }
            if end.status == .exited(0) { reader.finish() }
            let answer = reader.answer
            return (answer, HTTPFault.error(of: end, isConnected: answer.head != nil, at: url.origin))
        } catch {
            return (HTTPAnswerReader.Answer(), .unavailable("\(error)", mayHaveHappened: false))
        }
    }
}
