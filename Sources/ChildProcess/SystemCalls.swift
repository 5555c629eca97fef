#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The system's words for an error number.
func systemMessage(_ number: Int32) -> String {
    String(cString: strerror(number))
}

/// Runs a system call again for as long as a signal interrupts it.
func retryingInterrupts<Result: BinaryInteger>(_ call: () -> Result) -> Result {
    while true {
        let result = call()
        if result != -1 || errno != EINTR { return result }
    }
}

/// Both ends of a pipe that no program started later inherits.
///
/// - Throws: the error number.
func makePipe() throws(SystemCallError) -> (read: Int32, write: Int32) {
    var ends: [Int32] = [-1, -1]
    #if canImport(Glibc)
        guard pipe2(&ends, O_CLOEXEC) == 0 else { throw SystemCallError(number: errno) }
    #else
        guard pipe(&ends) == 0 else { throw SystemCallError(number: errno) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    #endif
    return (ends[0], ends[1])
}

/// An error number of the system.
struct SystemCallError: Error {
    let number: Int32
}

/// Makes reads and writes on `descriptor` return `EAGAIN` instead of waiting.
///
/// Only for ends of our own pipes: the flag belongs to the open file, and a file shared with another program would
/// change under its feet.
func setNonBlocking(_ descriptor: Int32) {
    let flags = fcntl(descriptor, F_GETFL)
    if flags >= 0 { _ = fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) }
}

/// Waits until one of `polls` is ready.
///
/// - Parameter milliseconds: how long to wait at most; -1 for as long as it takes.
/// - Returns: whether any is ready.
func waitUntilReady(_ polls: inout [pollfd], milliseconds: Int32) -> Bool {
    retryingInterrupts { poll(&polls, nfds_t(polls.count), milliseconds) } > 0
}

/// Reads what there is, at most as much as `buffer` holds.
///
/// - Returns: how many bytes; 0 at the end, negative for an error.
func readSome(_ descriptor: Int32, _ buffer: UnsafeMutableRawBufferPointer) -> Int {
    retryingInterrupts { read(descriptor, buffer.baseAddress, buffer.count) }
}

/// Seconds on a clock that no one sets.
func monotonicSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}
