#if canImport(Glibc)
    /// The platform's HTTPS transport.
    typealias SystemTransport = CurlTransport
#else
    /// The platform's HTTPS transport.
    typealias SystemTransport = URLSessionTransport
#endif
