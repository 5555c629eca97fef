/// Puts an answer into the bytes of a connection.
struct ResponseSender: Sendable {
    let exchange: ResponseStream
    let isHead: Bool
    let isHTTP10: Bool
    /// Whether the connection ends with this answer.
    let closes: Bool
    let log: @Sendable (String) -> Void

    /// Hands the whole answer over. Returns when all of it was made, though the client may not have it yet.
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
            // A small answer goes out in one packet, a large one is not copied.
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
