import Foundation
import TestSupport
import Testing
import Threading

/// A host of a test's own, on the loopback: says a greeting, then sends back what it gets.
final class EchoServer: Sendable {
    let port: UInt16
    /// One element for each connection that came, and for each that ended.
    let visits = Recorder<Int>()
    let ends = Recorder<Int>()
    private let listener: Int32

    init(handshake: [UInt8] = []) throws {
        (listener, port) = try Self.listen()
        try BackgroundThread.start { [listener, visits, ends] in
            while case let connection = accept(listener, nil, nil), connection >= 0 {
                visits.record(visits.elements.count)
                try? BackgroundThread.start {
                    _ = handshake.withUnsafeBytes { send(connection, $0.baseAddress, $0.count, Self.noSignal) }
                    while case let bytes = readSome(from: connection), !bytes.isEmpty {
                        _ = bytes.withUnsafeBytes { send(connection, $0.baseAddress, $0.count, Self.noSignal) }
                    }
                    close(connection)
                    ends.record(ends.elements.count)
                }
            }
        }
    }

    deinit {
        shutdown(listener, 2)
        close(listener)
    }

    /// A port at which nobody listens.
    static func closedPort() throws -> UInt16 {
        let (listener, port) = try listen()
        close(listener)
        return port
    }

    private static let noSignal = Int32(MSG_NOSIGNAL)

    private static func listen() throws -> (Int32, UInt16) {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, size) == 0 && Foundation.listen(listener, 16) == 0
                    && getsockname(listener, $0, &size) == 0
            }
        }
        try #require(isBound)
        return (listener, UInt16(bigEndian: address.sin_port))
    }
}
