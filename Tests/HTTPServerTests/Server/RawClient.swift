import Foundation
import HTTPServer
import TestSupport
import Threading

/// A client that sends what it is told to, byte for byte.
final class RawClient: Sendable {
    struct Lost: Error {}

    let descriptor: Int32
    private let isOpen = Locked(true)
    private let rest = Locked<[UInt8]>([])

    /// - Parameter receiveBuffer: bytes that the system keeps for a client that does not read.
    init(port: Int, receiveBuffer: Int32? = nil) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
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
            throw Lost()
        }
    }

    deinit { close() }

    func close() {
        guard
            isOpen.withLock({ isOpen in
                defer { isOpen = false }; return isOpen
            })
        else { return }
        _ = Foundation.close(descriptor)
    }

    /// Ends the connection so that the server learns of it as an error.
    func reset() {
        var option = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
        close()
    }

    func endOutput() {
        shutdown(descriptor, Int32(SHUT_WR))
    }

    func send(_ text: String) throws { try send(Array(text.utf8)) }

    func send(_ bytes: [UInt8]) throws {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Foundation.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw Lost() }
            sent += count
        }
    }

    /// Reads all until the server ends the connection.
    func readToEnd() async throws -> String {
        try await onThread { [self] in
            var content = rest.withLock { rest in
                defer { rest = [] }
                return rest
            }
            while let piece = try receive() { content += piece }
            return String(decoding: content, as: UTF8.self)
        }
    }

    /// Reads until what has come since the last call contains `text`, and returns it up to there.
    @discardableResult
    func read(through text: String) async throws -> String {
        try await onThread { [self] in
            var content = rest.withLock { $0 }
            while true {
                if let range = content.firstRange(of: Array(text.utf8)) {
                    rest.withLock { $0 = Array(content[range.upperBound...]) }
                    return String(decoding: content[..<range.upperBound], as: UTF8.self)
                }
                guard let piece = try receive() else { throw Lost() }
                content += piece
            }
        }
    }

    /// Whether the server has ended the connection, in order or not, without another byte.
    func isEnded() async throws -> Bool {
        try await onThread { [self] in
            do { return try receive() == nil } catch { return true }
        }
    }

    private func receive() throws -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: 64 * 1024)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        guard count >= 0 else { throw Lost() }
        return count == 0 ? nil : Array(buffer.prefix(count))
    }
}

/// Starts a server at a free port of this machine, and stops it after `body`.
func withServer(
    _ options: HTTPServerOptions = HTTPServerOptions(), handler: @escaping HTTPServer.Handler,
    _ body: (Int) async throws -> Void
) async throws {
    let server = try await HTTPServer.start(host: "127.0.0.1", port: 0, options: options, handler: handler)
    do {
        try await body(server.port)
    } catch {
        await server.stop(graceSeconds: 0)
        throw error
    }
    await server.stop(graceSeconds: 0)
}

/// Answers with what was asked for.
let echo: HTTPServer.Handler = { request, _ in
    HTTPResponse(text: "\(request.method) \(request.path) \(String(decoding: request.body, as: UTF8.self))")
}

func limits(_ change: (inout HTTPLimits) -> Void) -> HTTPServerOptions {
    var options = HTTPServerOptions()
    change(&options.limits)
    return options
}

func get(_ path: String, _ fields: String = "") -> String {
    "GET \(path) HTTP/1.1\r\nHost: a\r\n\(fields)\r\n"
}

let last = "Connection: close\r\n"

extension String {
    func occurrences(of text: String) -> Int { ranges(of: text).count }
    var status: Int? { split(separator: " ").dropFirst().first.flatMap { Int($0) } }
}
