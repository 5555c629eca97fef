#if canImport(Glibc)
    import Glibc
#endif

/// The C library's allocator.
enum Allocator {
    /// Makes large blocks return to the system when they are freed.
    ///
    /// This is glibc's initial behavior. But freeing the first large block raises the mmap threshold to that block's
    /// size, up to 32 MiB, and the trim threshold to twice that: the memory of one large file would stay with the
    /// server for its lifetime. The thresholds set here keep files of usual size fast, because the pages of a returned
    /// block have to be allocated again the next time. Does nothing with other C libraries.
    static func returnLargeBlocks() {
        #if canImport(Glibc)
            // Swift's module of the C library lacks this function.
            guard let symbol = dlsym(nil, "mallopt") else { return }
            let setOption = unsafeBitCast(symbol, to: (@convention(c) (CInt, CInt) -> CInt).self)
            _ = setOption(mapThreshold, 4 << 20)
            _ = setOption(trimThreshold, 4 << 20)
        #endif
    }

    #if canImport(Glibc)
        /// `M_TRIM_THRESHOLD`.
        private static let trimThreshold: CInt = -1
        /// `M_MMAP_THRESHOLD`.
        private static let mapThreshold: CInt = -3
    #endif
}
