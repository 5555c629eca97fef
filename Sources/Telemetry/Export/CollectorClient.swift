import SystemCalls

/// Sends documents to a collector over plain HTTP, one connection each.
public enum CollectorClient {
    /// The maximum number of bytes that are read of a response.
    private static let maxResponse = 4096

    /// Posts a document. Blocks the calling thread until the timeout at most, or longer if looking up the host does.
    ///
    /// - Returns: whether the collector has accepted it.
    public static func post(_ document: [UInt8], to settings: TraceExportSettings) -> Bool {
        let deadline = monotonicSeconds() + settings.timeout
        guard let descriptor = connection(to: settings.url, until: deadline) else { return false }
        defer { close(descriptor) }
        var head = "POST \(settings.url.path) HTTP/1.1\r\nHost: \(settings.url.authority)\r\n"
        head += "Content-Type: application/json\r\nContent-Length: \(document.count)\r\nConnection: close\r\n"
        for field in settings.headers { head += "\(field.name): \(field.value)\r\n" }
        guard write(Array("\(head)\r\n".utf8) + document, to: descriptor, until: deadline) else { return false }
        return status(from: descriptor, until: deadline).map { 200...299 ~= $0 } ?? false
    }

    private static func connection(to url: CollectorURL, until deadline: Double) -> Int32? {
        var hints = addrinfo()
        #if canImport(Glibc)
            hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        #else
            hints.ai_socktype = SOCK_STREAM
        #endif
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(url.host, "\(url.port)", &hints, &list) == 0 else { return nil }
        defer { freeaddrinfo(list) }
        var next = list
        while let address = next?.pointee {
            if let descriptor = connection(to: address, until: deadline) { return descriptor }
            next = address.ai_next
        }
        return nil
    }

    private static func connection(to address: addrinfo, until deadline: Double) -> Int32? {
        let descriptor = socket(address.ai_family, address.ai_socktype, address.ai_protocol)
        guard descriptor >= 0 else { return nil }
        Descriptors.closeOnExec(descriptor)
        Descriptors.setNonBlocking(descriptor)
        if connect(descriptor, address.ai_addr, address.ai_addrlen) == 0 { return descriptor }
        var problem: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        guard errno == EINPROGRESS, wait(for: descriptor, POLLOUT, until: deadline),
            getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &problem, &size) == 0, problem == 0
        else {
            close(descriptor)
            return nil
        }
        return descriptor
    }

    private static func write(_ bytes: [UInt8], to descriptor: Int32, until deadline: Double) -> Bool {
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes {
                Descriptors.writeSome(descriptor, UnsafeRawBufferPointer(rebasing: $0[written...]))
            }
            if count > 0 {
                written += count
            } else if count < 0, errno == EAGAIN {
                guard wait(for: descriptor, POLLOUT, until: deadline) else { return false }
            } else {
                return false
            }
        }
        return true
    }

    /// Returns the status of the response; `nil` if it isn't one, or doesn't come in time.
    private static func status(from descriptor: Int32, until deadline: Double) -> Int? {
        var received: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 512)
        while received.count < maxResponse, !received.contains(UInt8(ascii: "\n")) {
            let count = buffer.withUnsafeMutableBytes { Descriptors.readSome(descriptor, $0) }
            if count > 0 {
                received += buffer[..<count]
            } else if count < 0, errno == EAGAIN {
                guard wait(for: descriptor, POLLIN, until: deadline) else { return nil }
            } else {
                break
            }
        }
        let words = String(decoding: received.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self).split(separator: " ")
        guard words.count >= 2, words[0].hasPrefix("HTTP/1.") else { return nil }
        return Int(words[1].prefix(3))
    }

    private static func wait(for descriptor: Int32, _ events: Int32, until deadline: Double) -> Bool {
        let left = deadline - monotonicSeconds()
        guard left > 0 else { return false }
        return Descriptors.waitUntilReady(descriptor, for: events, milliseconds: Int32(min(left * 1000 + 1, 60_000)))
    }
}
