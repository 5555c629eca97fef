// The stream is a variable in C, which nothing changes here.
#if canImport(Glibc)
    @preconcurrency private import Glibc
#elseif canImport(Darwin)
    @preconcurrency private import Darwin
#endif

/// The C library's buffered standard output, which `print` writes to.
public enum StandardOutput {
    /// Why output is missing.
    public enum Failure: Equatable, Sendable {
        /// The reader has closed its end.
        case closed
        /// The system's message, or a general one if an earlier write failed and its reason was overwritten.
        case unwritable(String)
    }

    /// Writes what is in the buffers of all open streams.
    ///
    /// - Returns: `nil` if everything printed so far was written, including what went out when the buffer was full.
    public static func flush() -> Failure? {
        errno = 0
        if fflush(nil) != 0 {
            return errno == EPIPE ? .closed : .unwritable(String(cString: strerror(errno)))
        }
        return ferror(stdout) == 0 ? nil : .unwritable("a part of the output is missing")
    }
}
