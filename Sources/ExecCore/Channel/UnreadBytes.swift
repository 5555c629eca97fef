import Threading

extension Channel {
    /// What has come and is no whole frame: before the greeting, what something else than a guest wrote.
    var unreadBytes: [UInt8] { decoder.withLock { $0.unread } }
}
