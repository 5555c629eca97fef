#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Retries a system call while signals interrupt it (`EINTR`).
///
/// - Returns: the final return value; -1 with `errno` for an error other than `EINTR`.
public func retryingInterrupts<Result: BinaryInteger>(_ call: () -> Result) -> Result {
    while true {
        let result = call()
        if result != -1 || errno != EINTR { return result }
    }
}
