import JSON
import TestSupport
import Threading

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A server on this machine that does with each request what a script says, to the byte.
final class ScriptedServer: Sendable {
    struct Request: Sendable {
        /// The request line and the fields.
        let head: String
        let body: JSON
        /// Which connection it came over, counted from nought.
        let connection: Int
    }

    enum Step: Sendable {
        case send(String)
        /// Ends the connection in order.
        case close
        /// Breaks it.
        case reset
        /// Does nothing until the client goes away.
        case hang
    }

    let port: UInt16
    let requests = Recorder<Request>()
    /// Connections on which a client went away while nothing was sent.
    let abandoned = Recorder<Int>()
    private let count = Locked(0)
    private let greeting: String
    private let listener: Int32
    private let script: @Sendable (_ number: Int) -> [Step]

    /// - Parameters:
    ///   - greeting: what is sent unasked on each connection.
    ///   - script: what is done with the request of this number, counted from nought.
    init(greeting: String = "", _ script: @escaping @Sendable (_ number: Int) -> [Step]) throws {
        self.greeting = greeting
        self.script = script
        #if canImport(Glibc)
            listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        #else
            listener = socket(AF_INET, SOCK_STREAM, 0)
        #endif
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let (bound, listening, named) = withUnsafeMutablePointer(to: &address) { [listener] address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                (bind(listener, address, length), listen(listener, 128), getsockname(listener, address, &length))
            }
        }
        guard bound == 0, listening == 0, named == 0 else { throw NoServerError() }
        port = UInt16(bigEndian: address.sin_port)
        try BackgroundThread.start { [self] in accept() }
    }

    private struct NoServerError: Error {}

    var url: String { "http://127.0.0.1:\(port)/v1" }

    /// Takes no more connections; those that there are go on.
    func close() {
        shutdown(listener, Int32(SHUT_RDWR))
    }

    private func accept() {
        var number = 0
        while true {
            let connection = Self.accept(listener)
            guard connection >= 0 else { break }
            let current = number
            number += 1
            try? BackgroundThread.start { [self] in
                serve(connection, current)
                _ = Self.close(connection)
            }
        }
        _ = Self.close(listener)
    }

    private static func accept(_ listener: Int32) -> Int32 {
        #if canImport(Glibc)
            Glibc.accept(listener, nil, nil)
        #else
            Darwin.accept(listener, nil, nil)
        #endif
    }

    private static func close(_ descriptor: Int32) -> Int32 {
        #if canImport(Glibc)
            Glibc.close(descriptor)
        #else
            Darwin.close(descriptor)
        #endif
    }

    private func serve(_ connection: Int32, _ number: Int) {
        Self.write(connection, Array(greeting.utf8))
        while let request = Self.read(connection, number) {
            let place = count.withLock { count in
                count += 1
                return count - 1
            }
            requests.record(request)
            for step in script(place) {
                switch step {
                case .send(let text): Self.write(connection, Array(text.utf8))
                case .close: return
                case .reset:
                    var setting = linger(l_onoff: 1, l_linger: 0)
                    setsockopt(connection, SOL_SOCKET, SO_LINGER, &setting, socklen_t(MemoryLayout<linger>.size))
                    return
                case .hang:
                    var byte: UInt8 = 0
                    while recv(connection, &byte, 1, 0) > 0 {}
                    abandoned.record(number)
                    return
                }
            }
        }
    }

    private static func read(_ connection: Int32, _ number: Int) -> Request? {
        var received: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let text = String(decoding: received, as: UTF8.self)
            if let end = text.firstRange(of: "\r\n\r\n") {
                let head = String(text[..<end.lowerBound])
                let length = head.lowercased().split(separator: "content-length: ").dropFirst().first?.prefix {
                    $0.isNumber
                }
                let body = Array(text[end.upperBound...].utf8)
                if body.count >= Int(length ?? "0") ?? 0 {
                    return Request(head: head, body: (try? JSON.parse(body)) ?? .null, connection: number)
                }
            }
            let count = recv(connection, &buffer, buffer.count, 0)
            guard count > 0 else { return nil }
            received += buffer[..<count]
        }
    }

    private static func write(_ connection: Int32, _ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { send(connection, $0.baseAddress, $0.count, noSignal) }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }

    #if canImport(Glibc)
        private static let noSignal = Int32(MSG_NOSIGNAL)
    #else
        private static let noSignal: Int32 = 0
    #endif
}

extension [ScriptedServer.Step] {
    /// A whole answer, of which the connection can go on.
    static func answer(
        _ status: String = "200 OK", type: String = "application/json", fields: String = "", _ body: String
    ) -> Self {
        [
            .send(
                "HTTP/1.1 \(status)\r\nContent-Type: \(type)\r\n\(fields)Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
            )
        ]
    }

    /// The beginning of a stream, with these events.
    static func begin(_ events: String...) -> Self {
        [
            .send(
                "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
                    + events.map(chunk).joined())
        ]
    }

    /// The end of a stream, with these events.
    static func end(_ events: String...) -> Self {
        [.send(events.map(chunk).joined() + "0\r\n\r\n")]
    }

    /// A whole streamed answer.
    static func stream(_ texts: String...) -> Self {
        begin() + [.send(texts.map { chunk(textEvent($0)) }.joined())]
            + end(#"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#, "[DONE]")
    }

    /// A chunk that says a text.
    static func textEvent(_ text: String) -> String {
        #"{"choices":[{"index":0,"delta":{"content":"\#(text)"}}]}"#
    }

    private static func chunk(_ event: String) -> String {
        let text = "data: \(event)\n\n"
        return "\(String(text.utf8.count, radix: 16))\r\n\(text)\r\n"
    }
}
