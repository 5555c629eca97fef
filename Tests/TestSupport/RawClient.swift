import Foundation
import Threading

/// A client that sends what it is told to, byte for byte.
package final class RawClient: Sendable {
    /// The connection was refused, or ended in the middle.
    package struct LostError: Error {
        package init() {}
    }

    private let descriptor: Int32
    private let isOpen = Locked(true)
    private let rest = Locked<[UInt8]>([])

    /// Connects to a port of this machine.
    ///
    /// - Parameter receiveBuffer: bytes that the system keeps for a client that does not read.
    package init(port: Int, receiveBuffer: Int32? = nil) throws {
        #if canImport(Glibc)
            descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        #else
            descriptor = socket(AF_INET, SOCK_STREAM, 0)
        #endif
        if var size = receiveBuffer {
            setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
        }
        // A guard against a test that would never end.
        var timeout = timeval(tv_sec: 60, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let code = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard code == 0 else {
            close()
            throw LostError()
        }
    }

    deinit { close() }

    /// Ends the connection.
    package func close() {
        guard
            isOpen.withLock({ isOpen in
                defer { isOpen = false }; return isOpen
            })
        else { return }
        _ = Foundation.close(descriptor)
    }

    /// Ends the connection so that the server learns of it as an error.
    package func reset() {
        var option = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
        close()
    }

    /// Ends our half of the connection.
    package func endOutput() {
        shutdown(descriptor, Int32(SHUT_WR))
    }

    /// Sends a text.
    package func send(_ text: String) throws { try send(Array(text.utf8)) }

    /// Sends bytes, waiting until the system has taken them.
    package func send(_ bytes: [UInt8]) throws {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Foundation.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw LostError() }
            sent += count
        }
    }

    /// Reads all until the server ends the connection.
    package func readToEnd() async throws -> String {
        String(decoding: try await readBytesToEnd(), as: UTF8.self)
    }

    /// Reads all until the server ends the connection, as bytes.
    package func readBytesToEnd() async throws -> [UInt8] {
        try await onThread { [self] in
            var content = rest.withLock { rest in
                defer { rest = [] }
                return rest
            }
            while let piece = try receive() { content += piece }
            return content
        }
    }

    /// Reads until what has come since the last call contains `text`, and returns it up to there.
    @discardableResult
    package func read(through text: String) async throws -> String {
        try await onThread { [self] in
            var content = rest.withLock { $0 }
            while true {
                if let range = content.firstRange(of: Array(text.utf8)) {
                    rest.withLock { $0 = Array(content[range.upperBound...]) }
                    return String(decoding: content[..<range.upperBound], as: UTF8.self)
                }
                guard let piece = try receive() else { throw LostError() }
                content += piece
            }
        }
    }

    /// Whether the server has ended the connection, in order or not, without another byte.
    package func isEnded() async throws -> Bool {
        try await onThread { [self] in
            do { return try receive() == nil } catch { return true }
        }
    }

    private func receive() throws -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: 64 * 1024)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        guard count >= 0 else { throw LostError() }
        return count == 0 ? nil : Array(buffer.prefix(count))
    }
}
