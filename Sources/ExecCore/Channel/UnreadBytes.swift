import Threading

extension Channel {
    /// Received bytes that are not a complete frame. Before the handshake, these are the output of something other
    /// than the guest.
    var unreadBytes: [UInt8] { decoder.withLock { $0.unread } }
}
