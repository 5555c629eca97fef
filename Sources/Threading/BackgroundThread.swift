#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// An operating system thread for blocking work. Swift's own pool has one thread per core: a blocking call there
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
    ///   - name: the thread's name in debuggers and `ps -L`. Linux accepts at most 15 bytes; with a longer name, or
    ///     `nil`, the thread keeps the program's name.
    ///   - stackSize: stack size in bytes; the default is enough for loops that read and pass on data.
    ///   - body: what the thread runs.
    /// - Throws: ``ThreadError`` if the system refuses another thread.
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

    /// Runs a blocking closure on a thread of its own and waits for its outcome.
    ///
    /// - Parameter name: the thread's name; see ``start(_:stackSize:_:)``.
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

    /// The system's message for the error number.
    public var description: String { "cannot start a thread: \(String(cString: strerror(errno)))" }
}
