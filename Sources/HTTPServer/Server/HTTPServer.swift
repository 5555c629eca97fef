import Threading

/// A small HTTP/1.1 server: one thread that reads and writes all connections, and a task for each request.
///
/// One thread with `poll` and not a thread a connection: that a client is gone has to be noticed while nothing is read
/// or written, and a thread that waits for its handler notices nothing without two more descriptors a connection.
public final class HTTPServer: Sendable {
    /// Answers one request. The task is cancelled when the client goes away. A client that only ends its half of the
    /// connection is taken for gone as well, since TCP does not tell the two apart; what it is still told, it gets.
    public typealias Handler = @Sendable (HTTPRequest, RemoteAddress) async -> HTTPResponse

    /// Where it listens: several addresses for a name that has several, one port.
    public let addresses: [RemoteAddress]

    private let mailbox: EventLoopQueue
    /// The end of the server's thread.
    private let end: AsyncEvent

    /// The port at which it listens.
    public var port: Int { addresses.first?.port ?? 0 }

    private init(addresses: [RemoteAddress], mailbox: EventLoopQueue, end: AsyncEvent) {
        self.addresses = addresses
        self.mailbox = mailbox
        self.end = end
    }

    /// Starts a server. It runs until ``stop(graceSeconds:)``, whether or not this object is kept.
    ///
    /// - Parameters:
    ///   - host: the address or name to listen at, all addresses of a name.
    ///   - port: 0 for any that is free: see ``port``.
    /// - Throws: ``ListenError``.
    public static func start(
        host: String, port: Int, options: HTTPServerOptions = HTTPServerOptions(), handler: @escaping Handler
    ) async throws(ListenError) -> HTTPServer {
        do {
            // Looking up a name blocks.
            return try await BackgroundThread.run("http-start") { try startHere(host, port, options, handler) }
        } catch {
            throw error as? ListenError ?? ListenError(description: "cannot start the server: \(error)")
        }
    }

    private static func startHere(
        _ host: String, _ port: Int, _ options: HTTPServerOptions, _ handler: @escaping Handler
    ) throws -> HTTPServer {
        guard (0...65535).contains(port) else {
            throw ListenError(description: "cannot listen at port \(port): a port is a number from 0 to 65535")
        }
        let listener = try Listener(host: host, port: port)
        do {
            let mailbox = try EventLoopQueue()
            let end = AsyncEvent()
            let service = ConnectionContext(options: options, handler: handler, mailbox: mailbox)
            try BackgroundThread.start("http-server") {
                var loop = EventLoop(listener: listener, service: service)
                loop.run()
                end.complete()
            }
            return HTTPServer(addresses: listener.addresses, mailbox: mailbox, end: end)
        } catch {
            listener.close()
            throw error
        }
    }

    /// Stops listening, lets the answers that are under way end, then closes every connection and cancels what is left.
    /// Returns when all handlers have returned.
    ///
    /// - Parameter graceSeconds: how long answers may take to end.
    public func stop(graceSeconds: Double = 10) async {
        mailbox.stop(graceSeconds: graceSeconds)
        await end.wait()
    }

    /// Waits until the server has stopped.
    public func waitUntilStopped() async {
        await end.wait()
    }
}
