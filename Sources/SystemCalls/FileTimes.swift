#if canImport(Glibc)
    public import Glibc
#elseif canImport(Darwin)
    public import Darwin
#endif

extension stat {
    /// When the content was last changed.
    public var modificationTime: timespec {
        #if canImport(Glibc)
            st_mtim
        #else
            st_mtimespec
        #endif
    }

    /// When anything about the file was last changed.
    public var changeTime: timespec {
        #if canImport(Glibc)
            st_ctim
        #else
            st_ctimespec
        #endif
    }
}
