#if canImport(Glibc)
    import Glibc
#endif

/// A file in memory without a name: it is gone with this object, or with this process, however that ends. Processes of
/// this account can read it by ``path`` until then.
public final class AnonymousFile: Sendable {
    private let descriptor: Int32
    /// The path by which this account's other processes open it.
    public let path: String

    /// Creates a file.
    ///
    /// - Returns: `nil` on systems that have no such files, or no paths to them.
    public init?(_ content: [UInt8]) {
        #if canImport(Glibc)
            let descriptor = memfd_create("exec-agent", UInt32(MFD_CLOEXEC))
            guard descriptor >= 0 else { return nil }
            let path = "/proc/\(getpid())/fd/\(descriptor)"
            guard fchmod(descriptor, 0o600) == 0, Descriptors.write(content, to: descriptor), access(path, R_OK) == 0
            else {
                close(descriptor)
                return nil
            }
            self.descriptor = descriptor
            self.path = path
        #else
            return nil
        #endif
    }

    deinit {
        #if canImport(Glibc)
            close(descriptor)
        #endif
    }
}
