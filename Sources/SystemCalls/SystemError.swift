#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A system error number.
public struct SystemError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The number, as `errno` has it.
    public let number: Int32

    /// The error with this number.
    public init(number: Int32) {
        self.number = number
    }

    /// The error of the last failed call on this thread.
    public static var last: SystemError { SystemError(number: errno) }

    /// The system's message for the error.
    public var description: String { String(cString: strerror(number)) }
}
