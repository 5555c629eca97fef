#if canImport(Glibc)
    import Glibc
#endif

/// The memory of this process.
enum Memory {
    /// Hands memory that is free back to the system, where the allocator would keep it.
    static func giveBack() {
        #if canImport(Glibc)
            // The header that declares it is not in Swift's module of the C library.
            guard let symbol = dlsym(nil, "malloc_trim") else { return }
            _ = unsafeBitCast(symbol, to: (@convention(c) (Int) -> Int32).self)(0)
        #endif
    }
}
