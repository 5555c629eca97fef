#if canImport(Glibc)
    import Glibc
#endif

/// The C library's allocator.
enum Allocator {
    /// Has blocks from 128 KiB on mapped one by one, so that their memory goes back to the system when they are freed.
    ///
    /// That is how glibc begins. But the first large block that is freed raises the limit to its size, and the size up
    /// to which free memory is kept to twice that: one file of 32 MiB would stay with the server for its life. Does
    /// nothing where the C library is another one.
    static func giveBackLargeBlocks() {
        #if canImport(Glibc)
            // Swift's module of the C library lacks it.
            guard let symbol = dlsym(nil, "mallopt") else { return }
            let setOption = unsafeBitCast(symbol, to: (@convention(c) (CInt, CInt) -> CInt).self)
            _ = setOption(mapThreshold, 128 * 1024)
        #endif
    }

    #if canImport(Glibc)
        /// `M_MMAP_THRESHOLD`.
        private static let mapThreshold: CInt = -3
    #endif
}
