import Threading

/// A small HTTP/1.1 server: one event-loop thread that reads and writes all connections, and one task per request.
///
/// It uses one thread with `poll` rather than a thread per connection, because a disconnect must be noticed while
/// nothing is read or written: a thread that waits for its handler would need two more descriptors per connection for
/// that.
public final class HTTPServer: Sendable {
    /// Handles one request. The task is cancelled when the client goes away. A client that only closes its sending
    /// half is treated the same way, since TCP cannot distinguish the two; what is still sent reaches it.
    public typealias Handler = @Sendable (HTTPRequest, RemoteAddress) async -> HTTPResponse

    /// The addresses at which it listens: one for each address of the host name, all with the same port.
    public let addresses: [RemoteAddress]

    private let eventQueue: EventLoopQueue
    /// Completes when the event loop's thread ends.
    private let end: AsyncEvent

    /// The port at which it listens.
    public var port: Int { addresses.first?.port ?? 0 }

    private init(addresses: [RemoteAddress], eventQueue: EventLoopQueue, end: AsyncEvent) {
        self.addresses = addresses
        self.eventQueue = eventQueue
        self.end = end
    }

    /// Starts a server. It runs until ``stop(graceSeconds:)``, even if this object is released.
    ///
    /// - Parameters:
    ///   - host: the address or name to listen at; all addresses of a name.
    ///   - port: 0 for any free port; see ``port``.
    /// - Throws: ``ListenError``.
    public static func start(
        host: String, port: Int, options: HTTPServerOptions = HTTPServerOptions(), handler: @escaping Handler
    ) async throws(ListenError) -> HTTPServer {
        do {
            // Resolving a name blocks.
            return try await BackgroundThread.run("http-start") { try startHere(host, port, options, handler) }
        } catch {
            throw error as? ListenError ?? ListenError(description: "cannot start the server: \(error)")
        }
    }

    private static func startHere(
        _ host: String, _ port: Int, _ options: HTTPServerOptions, _ handler: @escaping Handler
    ) throws -> HTTPServer {
        guard (0...65535).contains(port) else {
            throw ListenError(description: "cannot listen on port \(port): a port is a number from 0 to 65535")
        }
        let listener = try Listener(host: host, port: port)
        do {
            let eventQueue = try EventLoopQueue()
            let end = AsyncEvent()
            let service = ConnectionContext(options: options, handler: handler, eventQueue: eventQueue)
            try BackgroundThread.start("http-server") {
                var loop = EventLoop(listener: listener, service: service)
                loop.run()
                end.complete()
            }
            return HTTPServer(addresses: listener.addresses, eventQueue: eventQueue, end: end)
        } catch {
            listener.close()
            throw error
        }
    }

    /// Shuts down gracefully: stops listening, lets running responses finish, then closes every connection and cancels
    /// the remaining tasks. Returns when all handlers have returned.
    ///
    /// - Parameter graceSeconds: how long running responses may take to finish.
    public func stop(graceSeconds: Double = 10) async {
        eventQueue.stop(graceSeconds: graceSeconds)
        await end.wait()
    }

    /// Waits until the server has stopped.
    public func waitUntilStopped() async {
        await end.wait()
    }
}
