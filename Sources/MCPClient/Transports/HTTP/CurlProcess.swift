import ChildProcess
import SystemCalls
import Threading

/// One HTTP request, made by a `curl` process. Its standard output is the head and the body of the response.
///
/// The request is never part of the arguments, which other users can see: standard input has everything but the body,
/// which is on another pipe.
final class CurlProcess: Sendable {
    /// The parts of a request.
    struct Request: Sendable {
        var method: String
        var url: String
        var headers: [HeaderField]
        /// `nil` for none.
        var body: [UInt8]?
        /// Seconds that the whole exchange may take; `nil` for no limit.
        var maxSeconds: Double?
    }

    /// Seconds to connect to the server, TLS included.
    static let connectSeconds = 15

    private let child: ChildProcess
    private let configuration: [UInt8]
    private let body: (bytes: [UInt8], pipe: PipeWriter)?

    /// Starts `curl`.
    ///
    /// - Parameter executable: its path.
    /// - Throws: ``SpawnError`` or ``SystemError``.
    init(_ request: Request, executable: String, environment: [String: String]) throws {
        configuration = Self.configuration(of: request)
        // --disable: a user's ~/.curlrc could have it follow redirects with all headers.
        let command = Command(
            executable: executable, arguments: ["--disable", "--config", "-"], environment: environment,
            workingDirectory: "/")
        guard let bytes = request.body else {
            body = nil
            child = try ChildProcess(starting: command, isGuarded: true)
            return
        }
        let ends = try Descriptors.makePipe()
        defer { close(ends.read) }
        body = (bytes, PipeWriter(descriptor: ends.write))
        child = try ChildProcess(starting: command, passing: ends.read, isGuarded: true)
    }

    /// Waits until it has ended; stops it if the calling task is cancelled. Call it once.
    ///
    /// - Parameter onOutput: called with each piece of the response, on a thread that reads nothing more meanwhile.
    /// - Throws: ``SpawnError`` if it can't be read from.
    func run(_ onOutput: @escaping @Sendable (UnsafeRawBufferPointer) -> Void) async throws -> ChildProcess.End {
        try await withTaskCancellationHandler {
            async let isWritten: Void = write()
            let end = try await withPromise { promise in
                do throws(SpawnError) {
                    try child.read(onOutput: onOutput, onEnd: { promise.resume(returning: $0) })
                } catch {
                    promise.resume(throwing: error)
                }
            }
            await isWritten
            return end
        } onCancel: {
            stop()
        }
    }

    /// Ends it at once. Does nothing if it has ended.
    func stop() {
        child.signal(SIGKILL)
    }

    private func write() async {
        // If it has ended early, its status and its standard error say why.
        try? await child.input.write(configuration)
        child.input.close()
        guard let body else { return }
        try? await body.pipe.write(body.bytes)
        body.pipe.close()
    }

    private static func configuration(of request: Request) -> [UInt8] {
        var lines = [
            // The head like this and not by "include": it must not wait for the body.
            "silent", "show-error", "dump-header = \"-\"", "no-buffer", "globoff", "suppress-connect-headers",
            "proto = \"=http,https\"", "connect-timeout = \(connectSeconds)", "keepalive-time = 30",
            "request = \(quoted(request.method))", "url = \(quoted(request.url))",
        ]
        if let seconds = request.maxSeconds { lines.append("max-time = \(seconds)") }
        for header in request.headers {
            let line = header.value.isEmpty ? "\(header.name);" : "\(header.name): \(header.value)"
            lines.append("header = \(quoted(line))")
        }
        if request.body != nil {
            // Without waiting for the server's consent to send the body.
            lines += ["header = \"Expect:\"", "data-binary = \"@/dev/fd/3\""]
        }
        return Array(lines.joined(separator: "\n").utf8) + [0x0A]
    }

    /// Returns a text as an argument in a configuration of curl.
    private static func quoted(_ text: String) -> String {
        // By bytes: Swift treats a quotation mark followed by a combining accent as a different character.
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes += [UInt8(ascii: "\\"), byte]
            case UInt8(ascii: "\t"): bytes += Array("\\t".utf8)
            // No URL and no header may have it.
            case 0x00..<0x20, 0x7F: break
            default: bytes.append(byte)
            }
        }
        return "\"\(String(decoding: bytes, as: UTF8.self))\""
    }
}
