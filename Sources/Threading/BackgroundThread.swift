#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A thread of the operating system for work that blocks. Swift's own pool has one thread a core: a blocking call there
/// stalls everything else.
public enum BackgroundThread {
    private final class Body {
        let name: String?
        let body: @Sendable () -> Void

        init(_ name: String?, _ body: @escaping @Sendable () -> Void) {
            self.name = name
            self.body = body
        }

        func run() {
            if let name {
                #if canImport(Darwin)
                    pthread_setname_np(name)
                #else
                    pthread_setname_np(pthread_self(), name)
                #endif
            }
            body()
        }
    }

    /// Starts a detached thread that runs `body` and ends with it.
    ///
    /// - Parameters:
    ///   - name: what debuggers and `ps -L` call it. Linux takes no more than 15 bytes, and leaves the program's name to a
    ///     thread whose name is longer, or `nil`.
    ///   - stackSize: bytes of stack; the default is enough for loops that read and hand on.
    ///   - body: what it runs.
    /// - Throws: ``ThreadError`` when the system refuses another thread.
    public static func start(
        _ name: String? = nil, stackSize: Int = 512 * 1024, _ body: @escaping @Sendable () -> Void
    ) throws(ThreadError) {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        pthread_attr_setstacksize(&attributes, stackSize)

        let retained = Unmanaged.passRetained(Body(name, body))
        #if canImport(Darwin)
            var thread: pthread_t?
        #else
            var thread = pthread_t()
        #endif
        let code = pthread_create(
            &thread, &attributes,
            { context in
                #if canImport(Darwin)
                    let body = Unmanaged<Body>.fromOpaque(context)
                #else
                    guard let context else { return nil }
                    let body = Unmanaged<Body>.fromOpaque(context)
                #endif
                body.takeRetainedValue().run()
                return nil
            }, retained.toOpaque())
        if code != 0 {
            retained.release()
            throw ThreadError(errno: code)
        }
    }

    /// Runs what blocks on a thread of its own, and waits for its outcome.
    ///
    /// - Parameter name: as of ``start(_:stackSize:_:)``.
    /// - Throws: ``ThreadError``, and what `body` throws.
    public static func run<Value: Sendable>(
        _ name: String, isolation: isolated (any Actor)? = #isolation,
        _ body: @escaping @Sendable () throws -> Value
    ) async throws -> Value {
        try await withPromise { promise in
            do throws(ThreadError) {
                try start(name) { promise.resume(with: Result { try body() }) }
            } catch {
                promise.resume(throwing: error)
            }
        }
    }
}

/// The system refused to start a thread.
public struct ThreadError: Error, Sendable, CustomStringConvertible {
    /// The system's error number.
    public let errno: Int32

    /// The system's own words.
    public var description: String { "cannot start a thread: \(String(cString: strerror(errno)))" }
}
