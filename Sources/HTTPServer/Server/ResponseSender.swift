/// Serializes a response into a ``ResponseStream``.
struct ResponseSender: Sendable {
    let stream: ResponseStream
    let isHead: Bool
    let isHTTP10: Bool
    /// Whether the connection closes after this response.
    let closes: Bool
    let log: @Sendable (String) -> Void

    /// Queues the whole response. Returns once all of it is produced, even if the client has not received it yet.
    func deliver(_ response: HTTPResponse) async {
        let closes = closes || stream.mustClose
        do {
            let head = try ResponseHead(response, isHTTP10: isHTTP10, closes: closes, date: HTTPDate.now())
            try await send(head, response)
            stream.finish(closes || head.framing == .untilClose ? .close : .keepAlive)
        } catch let invalid as ResponseHead.InvalidError {
            log("HTTP: \(invalid)")
            await deliver(HTTPResponse(status: 500, text: "The server produced an invalid response."))
        } catch {
            stream.finish(.abort)
        }
    }

    private func send(_ head: ResponseHead, _ response: HTTPResponse) async throws {
        if !isHead, case .omitted = response.body {
            throw ResponseHead.InvalidError(description: "a response to a request other than HEAD has no content")
        }
        if isHead || head.framing == .none {
            return try stream.queue(head.bytes)
        }
        switch response.body {
        case .omitted: break
        case .bytes(let bytes):
            // A small response goes out in one packet; a large one is not copied.
            if bytes.count <= ResponseStream.highWater { return try stream.queue(head.bytes + bytes) }
            try stream.queue(head.bytes)
            try stream.queue(bytes)
        case .stream(let produce):
            try stream.queue(head.bytes)
            if head.framing == .chunked { stream.setChunked(true) }
            defer { stream.setChunked(false) }
            try await produce(ResponseWriter(stream, isChunked: head.framing == .chunked))
            stream.setChunked(false)
            if head.framing == .chunked { try stream.queue(Array("0\r\n\r\n".utf8)) }
        }
    }
}
