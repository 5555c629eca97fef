/// Bounds on what one call may ask for and get.
public struct Limits: Sendable, Equatable {
    /// The longest time a command may be given, in seconds.
    public var maximumTimeout = 600
    /// How many bytes of each stream, or of a file's page, one call returns.
    public var output = 32 * 1024
    /// The largest picture that is shown as it is, in bytes. A larger one is scaled down to this. With 0 none is shown, and
    /// each is described in words.
    public var pictureBytes = Limits.imageBytes
    /// The largest artifact that is served, in MiB.
    public var artifactMebibytes = 50
    /// Seconds without a call after which a sandbox is stopped; 0 for never.
    public var idleTimeout = 1800
    /// Seconds since the last call after which a sandbox is stopped in which background processes live; 0 for never.
    public var jobTimeout = 259_200
    /// Seconds that a sandbox outlives its server, for the next one of the same account, user and options; 0 for none.
    public var linger = 0
    /// How many users may have a live sandbox at once.
    public var maximumSandboxes = 32

    /// The most that ``write(_:)`` takes, in bytes.
    public static let writeBytes = 32 * 1024 * 1024
    /// The default of ``pictureBytes``.
    public static let imageBytes = 1_000_000
    /// What ``unscaledPictureBytes`` is with the default of ``pictureBytes``.
    public static let unscaledImageBytes = 8 * 1024 * 1024
    /// The most pixels a side that a picture is shown with. The API of a model may refuse more in a conversation of many
    /// pictures (Anthropic: 2000), and then the whole conversation; what is less loses what some models still see.
    public static let imageSide = 2000
    /// How many calls run at once in one sandbox; more wait their turn.
    public static let concurrentCalls = 64
    /// How many artifacts are listed or read at once in one sandbox besides.
    public static let concurrentArtifactCalls = 4

    /// The largest picture that is shown where the sandbox's image has no Pillow to scale it down with. Who wants smaller
    /// ones than the default wants no larger ones there.
    var unscaledPictureBytes: Int {
        pictureBytes < Self.imageBytes ? pictureBytes : max(pictureBytes, Self.unscaledImageBytes)
    }

    /// The largest artifact that is served, in bytes.
    var artifactBytes: Int { artifactMebibytes << 20 }

    /// The defaults.
    public init() {}

    /// Says whether a command may be given `timeout` seconds. Needs no sandbox.
    ///
    /// - Throws: ``ExecError/Code/invalidArgument`` for one that is not above 0 or is over ``maximumTimeout``.
    public func checkTimeout(_ timeout: Double) throws(ExecError) {
        guard timeout > 0, timeout <= Double(maximumTimeout) else {
            throw ExecError(
                .invalidArgument,
                """
                timeout must be a number of seconds above 0 and at most \(maximumTimeout) (the server's \
                --max-timeout). Start longer work in the background and look at its output later.
                """)
        }
    }
}
