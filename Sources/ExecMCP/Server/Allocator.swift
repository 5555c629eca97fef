#if canImport(Glibc)
    import Glibc
#endif

/// The C library's allocator.
enum Allocator {
    /// Has memory of large blocks go back to the system when they are freed.
    ///
    /// That is how glibc begins. But the first large block that is freed raises the limit to its size, up to 32 MiB, and
    /// what is kept for later to twice that: one large file would stay with the server for its life. The limits are set
    /// where files of usual size are still quick: each block that goes back has its pages made anew the next time. Does
    /// nothing where the C library is another one.
    static func giveBackLargeBlocks() {
        #if canImport(Glibc)
            // Swift's module of the C library lacks it.
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
