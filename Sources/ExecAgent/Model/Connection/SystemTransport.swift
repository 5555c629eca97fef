#if canImport(Glibc)
    /// How this system makes HTTPS connections.
    typealias SystemTransport = CurlTransport
#else
    /// How this system makes HTTPS connections.
    typealias SystemTransport = URLSessionTransport
#endif
