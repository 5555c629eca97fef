#if canImport(Glibc)
    import Glibc
#endif

/// This process's memory.
enum Memory {
    /// Returns free memory to the system, if the allocator would keep it otherwise.
    static func returnToSystem() {
        #if canImport(Glibc)
            // Swift's module of the C library doesn't include the header that declares it.
            guard let symbol = dlsym(nil, "malloc_trim") else { return }
            _ = unsafeBitCast(symbol, to: (@convention(c) (Int) -> Int32).self)(0)
        #endif
    }
}
