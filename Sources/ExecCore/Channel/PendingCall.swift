import Threading

/// A call whose outcome nobody has received yet.
struct PendingCall {
    enum Outcome {
        /// No outcome yet. Holds the promise of the task that waits for it, if one does.
        case open(Promise<Channel.Reply>?)
        case known(Result<Channel.Reply, any Error>)
    }

    var reply = Channel.Reply()
    /// How many more bytes the guest may send for this call.
    var room: Int
    /// When the guest counts as hung if it has not answered. Measured on a clock that, like the guest, stops while
    /// the machine sleeps.
    var deadline: SuspendingClock.Instant
    let onProgress: (@Sendable ([UInt8]) -> Void)?
    var progressBudget = TokenBucket(perSecond: 8, atOnce: 32)
    var outcome = Outcome.open(nil)
    var isSent = false
    var isCancelled = false
}
