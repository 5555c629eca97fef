package import MCPClient

extension ClientLimits {
    /// The defaults, with more time for a server's start than a busy machine needs.
    package static var patient: ClientLimits {
        var limits = ClientLimits()
        limits.probeSeconds = 60
        return limits
    }

    /// The same, with changes.
    package static func patient(_ change: (inout ClientLimits) -> Void) -> ClientLimits {
        var limits = patient
        change(&limits)
        return limits
    }
}
