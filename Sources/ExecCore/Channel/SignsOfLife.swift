import Threading

/// What a guest has sent lately, whatever it was: any byte shows that it is there.
struct SignsOfLife {
    /// Whether a piece of what the guest sent is being processed, which takes long if the reader of the log is slow.
    private var isReceiving = false
    private var hasReceived = false
    /// Whether the guest has announced its end, which its input caused.
    private(set) var hasSaidGoodbye = false
    /// A guest sends one for each ping, and further ones while it does not read, which may pile up while the server is
    /// stopped.
    private var pongBudget = TokenBucket(perSecond: 2, atOnce: 1000)

    /// Records that a piece has arrived.
    mutating func beginReceiving() {
        isReceiving = true
    }

    /// Records that it was processed.
    mutating func endReceiving() {
        isReceiving = false
        hasReceived = true
    }

    /// Returns whether anything has arrived since the last call.
    mutating func take() -> Bool {
        defer { hasReceived = false }
        return hasReceived || isReceiving
    }

    mutating func receivePong(at now: ContinuousClock.Instant) throws(ChannelError) {
        guard pongBudget.take(at: now) else { throw ChannelError(reason: "flooded the server with signs of life") }
    }

    mutating func receiveGoodbye() {
        hasSaidGoodbye = true
    }
}
