/// Limits on what one call may request and return.
public struct Limits: Sendable, Equatable {
    /// The longest timeout of a command, in seconds.
    public var maxTimeout = 600
    /// Maximum number of bytes of each stream, or of a file's page, that one call returns.
    public var output = 32 * 1024
    /// Maximum size in bytes of a picture that is shown as it is. A larger one is scaled down to this size. With 0, no
    /// picture is shown; each is described in words.
    public var pictureBytes = Limits.imageBytes
    /// Maximum size of an artifact that is served, in MiB.
    public var artifactMebibytes = 50
    /// Seconds without a call after which a sandbox is stopped; 0 for never.
    public var idleTimeout = 1800
    /// Seconds since the last call after which a sandbox with live background processes is stopped; 0 for never.
    public var jobTimeout = 259_200
    /// Seconds that a sandbox outlives its server, to be reused by the next server of the same account, user and
    /// options; 0 to disable.
    public var linger = 0
    /// Seconds between signs of life that server and sandbox exchange. After ``Heartbeat/maxSilentIntervals`` of these
    /// without one, the other end counts as gone.
    public var heartbeat = 15
    /// Seconds that a sandbox may take to start; `nil` for what is usual with its engine.
    public var startTimeout: Int?
    /// How many users may have a live sandbox at once.
    public var maxSandboxes = 32

    /// Maximum size that ``write(_:)`` accepts, in bytes.
    public static let writeBytes = 32 * 1024 * 1024
    /// The default of ``pictureBytes``.
    public static let imageBytes = 1_000_000
    /// The value of ``unscaledPictureBytes`` with the default ``pictureBytes``.
    public static let unscaledImageBytes = 8 * 1024 * 1024
    /// Maximum width and height of a shown picture, in pixels. A model's API may reject larger ones in a conversation
    /// of many pictures (Anthropic: 2000), and with them the whole conversation. A smaller limit would lose detail
    /// that some models still see.
    public static let imageSide = 2000
    /// How many calls run at once in one sandbox. Further calls wait in a queue.
    public static let concurrentCalls = 64
    /// How many artifact listings and reads run at once in one sandbox, in addition to ``concurrentCalls``.
    public static let concurrentArtifactCalls = 4

    /// Maximum size in bytes of a shown picture if the sandbox's image has no Pillow to scale it down with. A setting
    /// below the default applies here too: who wants smaller pictures than usual wants no larger ones either.
    var unscaledPictureBytes: Int {
        pictureBytes < Self.imageBytes ? pictureBytes : max(pictureBytes, Self.unscaledImageBytes)
    }

    /// Maximum size of an artifact that is served, in bytes.
    var artifactBytes: Int { artifactMebibytes << 20 }

    /// The defaults.
    public init() {}

    /// Checks that a command may have a timeout of `timeout` seconds. Needs no sandbox.
    ///
    /// - Throws: ``ExecError/Code/invalidArgument`` unless it is above 0 and at most ``maxTimeout``.
    public func checkTimeout(_ timeout: Double) throws(ExecError) {
        guard timeout > 0, timeout <= Double(maxTimeout) else {
            throw ExecError(
                .invalidArgument,
                """
                timeout must be a number of seconds above 0 and at most \(maxTimeout) (the server's \
                --max-timeout). Start longer work in the background and look at its output later.
                """)
        }
    }
}
