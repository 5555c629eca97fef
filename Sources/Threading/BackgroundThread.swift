#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A thread of the operating system for work that blocks. Swift's own pool has one thread a core: a blocking call there
/// stalls everything else.
public enum BackgroundThread {
    private final class Body {
        let run: @Sendable () -> Void

        init(_ run: @escaping @Sendable () -> Void) {
            self.run = run
        }
    }

    /// Starts a detached thread that runs `body` and ends with it.
    ///
    /// - Parameter stackSize: bytes of stack; the default is enough for loops that read and hand on.
    /// - Throws: ``ThreadError`` when the system refuses another thread.
    public static func start(
        stackSize: Int = 512 * 1024, _ body: @escaping @Sendable () -> Void
    ) throws(ThreadError) {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        pthread_attr_setstacksize(&attributes, stackSize)

        let retained = Unmanaged.passRetained(Body(body))
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
}

/// The system refused to start a thread.
public struct ThreadError: Error, Sendable, CustomStringConvertible {
    /// The system's error number.
    public let errno: Int32

    /// The system's own words.
    public var description: String { "cannot start a thread: \(String(cString: strerror(errno)))" }
}
