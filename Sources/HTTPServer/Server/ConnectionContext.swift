/// State shared by all connections of a server.
struct ConnectionContext: Sendable {
    let options: HTTPServerOptions
    let handler: HTTPServer.Handler
    let eventQueue: EventLoopQueue
    let largeBodies: LargeBodyBudget

    init(options: HTTPServerOptions, handler: @escaping HTTPServer.Handler, eventQueue: EventLoopQueue) {
        self.options = options
        self.handler = handler
        self.eventQueue = eventQueue
        let limits = options.limits
        let share = options.clientOfLargeBody == nil ? nil : limits.largeBodies.map(\.bytes).max()
        largeBodies = LargeBodyBudget(limit: limits.largeBodyBytes, guaranteed: share ?? limits.largeBodyBytes)
    }

    var limits: HTTPLimits { options.limits }

    /// Starts the task that handles a request.
    ///
    /// - Parameter reservation: the room for its body, which is needed until the task ends.
    func start(
        _ request: HTTPRequest, from remote: RemoteAddress, _ delivery: ResponseSender,
        _ reservation: LargeBodyBudget.Reservation?
    ) -> Task<Void, Never> {
        eventQueue.taskStarted()
        return Task.detached {
            await delivery.deliver(await handler(request, remote))
            withExtendedLifetime(reservation) {}
            eventQueue.taskEnded()
        }
    }

    /// Serializes a response that the server itself makes and that ends the connection.
    func lastWord(_ response: HTTPResponse, isHead: Bool) -> [UInt8] {
        guard case .bytes(let body) = response.body,
            let head = try? ResponseHead(response, isHTTP10: false, closes: true, date: HTTPDate.now())
        else {
            options.log("HTTP: an error response isn't valid")
            return Array("HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".utf8)
        }
        return isHead || head.framing == .none ? head.bytes : head.bytes + body
    }
}
