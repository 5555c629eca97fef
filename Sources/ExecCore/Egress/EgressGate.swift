/// Decides whether a sandbox may have connections out at all now. Which hosts are allowed is decided before.
package protocol EgressGate: Sendable {
    /// Decides about a connection that is about to be opened. May block the calling thread for some seconds.
    ///
    /// - Parameters:
    ///   - host: the host and the port, such as `example.org:443`.
    ///   - end: ends the connection. Called from any thread, if it may no longer be open.
    func admit(_ host: String, end: @escaping @Sendable () -> Void) -> EgressAdmission

    /// A connection that was admitted has ended.
    func connectionEnded(_ number: Int)
}

/// What an ``EgressGate`` decided.
package enum EgressAdmission: Sendable, Equatable {
    /// The connection may be opened; with what to pass to ``EgressGate/connectionEnded(_:)``.
    case admitted(Int)
    /// It may not; with the reason, for the user of the sandbox.
    case refused(String)
}
