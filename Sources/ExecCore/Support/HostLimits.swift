import SystemCalls

/// The resource limits of this process, which its child processes cannot exceed.
enum HostLimits {
    /// Maximum number of processes of its user; `nil` if the system doesn't say.
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
