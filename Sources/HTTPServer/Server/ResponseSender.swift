/// Serializes a response into a ``ResponseStream``.
struct ResponseSender: Sendable {
    let exchange: ResponseStream
    let isHead: Bool
    let isHTTP10: Bool
    /// Whether the connection closes after this response.
    let closes: Bool
    let log: @Sendable (String) -> Void

    /// Queues the whole response. Returns once all of it is produced, even if the client has not received it yet.
    func deliver(_ response: HTTPResponse) async {
        let closes = closes || exchange.mustClose
        do {
            let head = try ResponseHead(response, isHTTP10: isHTTP10, closes: closes, date: HTTPDate.now())
            try await send(head, response)
            exchange.finish(closes || head.framing == .untilClose ? .close : .keepAlive)
        } catch let invalid as ResponseHead.Invalid {
            log("HTTP: \(invalid)")
            await deliver(HTTPResponse(status: 500, text: "The server made an answer that is not valid."))
        } catch {
            exchange.finish(.abort)
        }
    }

    private func send(_ head: ResponseHead, _ response: HTTPResponse) async throws {
        if !isHead, case .omitted = response.body {
            throw ResponseHead.Invalid(description: "a response to another request than HEAD has no content")
        }
        if isHead || head.framing == .none {
            return try exchange.queue(head.bytes)
        }
        switch response.body {
        case .omitted: break
        case .bytes(let bytes):
            // A small response goes out in one packet; a large one is not copied.
            if bytes.count <= ResponseStream.highWater { return try exchange.queue(head.bytes + bytes) }
            try exchange.queue(head.bytes)
            try exchange.queue(bytes)
        case .stream(let produce):
            try exchange.queue(head.bytes)
            try await produce(ResponseWriter(exchange, isChunked: head.framing == .chunked))
            if head.framing == .chunked { try exchange.queue(Array("0\r\n\r\n".utf8)) }
        }
    }
}
