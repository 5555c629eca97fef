import SystemCalls

/// What this process may have, which what it starts cannot exceed.
enum HostLimits {
    /// How many processes its user may have at most; `nil` where the system does not say.
    static var processes: UInt64? {
        var limit = rlimit()
        #if canImport(Glibc)
            let outcome = getrlimit(__rlimit_resource_t(__RLIMIT_NPROC.rawValue), &limit)
        #else
            let outcome = getrlimit(RLIMIT_NPROC, &limit)
        #endif
        return outcome == 0 ? UInt64(limit.rlim_max) : nil
    }
}
