// What the C library calls differently on each system, or Swift would take for a method of ours.

#if canImport(Glibc)
    import Glibc

    func readOnce(_ descriptor: Int32, _ buffer: inout [UInt8]) -> Int {
        Glibc.read(descriptor, &buffer, buffer.count)
    }

    func writeOnce(_ descriptor: Int32, _ bytes: ArraySlice<UInt8>) -> Int {
        bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
    }

    extension stat {
        /// When the content was last changed, in seconds and nanoseconds.
        var modification: [Int] { [st_mtim.tv_sec, st_mtim.tv_nsec] }
    }
#elseif canImport(Darwin)
    import Darwin

    func readOnce(_ descriptor: Int32, _ buffer: inout [UInt8]) -> Int {
        Darwin.read(descriptor, &buffer, buffer.count)
    }

    func writeOnce(_ descriptor: Int32, _ bytes: ArraySlice<UInt8>) -> Int {
        bytes.withUnsafeBytes { Darwin.write(descriptor, $0.baseAddress, $0.count) }
    }

    extension stat {
        /// When the content was last changed, in seconds and nanoseconds.
        var modification: [Int] { [st_mtimespec.tv_sec, st_mtimespec.tv_nsec] }
    }
#endif

extension ConfigurationError {
    /// The sentence with the system's reason for the call that has just failed.
    static func system(_ what: String) -> ConfigurationError {
        ConfigurationError("\(what): \(String(cString: strerror(errno)))")
    }
}
