#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The processor time that the body takes on this thread, in seconds: unlike time on the clock, it does not grow with
/// what else the machine does.
package func processorTime(_ body: () throws -> Void) rethrows -> Double {
    func now() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
    let start = now()
    try body()
    return now() - start
}
