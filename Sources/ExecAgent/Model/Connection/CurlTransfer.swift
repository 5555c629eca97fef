#if canImport(Glibc)
    import CCurl
    import Glibc
    import Telemetry

    /// A request in progress. Everything but the mailbox belongs to the loop's thread.
    final class CurlTransfer: @unchecked Sendable {
        let mailbox: TransferMailbox

        private let template: RequestTemplate
        private let settings: CurlSettings
        private let trace: TraceContext?
        /// Empty once libcurl has copied it.
        private var body: [UInt8]

        private(set) var easy: UnsafeMutableRawPointer?
        private var fields: UnsafeMutablePointer<curl_slist>?
        private let problem: UnsafeMutablePointer<CChar>

        private var head = CurlHead()
        private var received = 0
        private var uploaded: curl_off_t = 0
        /// The size of the request's body that hasn't been sent completely; 0 once it has.
        private var unsentSize: curl_off_t
        private var lastActivity = ContinuousClock.now
        /// Why this side ended the request.
        private var failure: TransportError?
        private(set) var isPaused = false

        /// - Parameter trace: where the request is in a trace, which the server learns; `nil` if it isn't part of one.
        init(_ template: RequestTemplate, body: [UInt8], _ settings: CurlSettings, trace: TraceContext? = nil) {
            self.template = template
            self.trace = trace
            self.body = body
            unsentSize = curl_off_t(body.count)
            self.settings = settings
            mailbox = TransferMailbox(limit: settings.largestUnread)
            problem = .allocate(capacity: Int(CURL_ERROR_SIZE))
            problem.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        }

        deinit {
            release()
            problem.deallocate()
        }

        // MARK: - Life cycle

        /// Creates the handle. It must be removed from any multi handle before ``release()``.
        ///
        /// - Returns: `nil` if memory is exhausted.
        func prepare() -> UnsafeMutableRawPointer? {
            guard let easy = curl_easy_init() else { return nil }
            self.easy = easy
            lastActivity = .now
            setConnection(of: easy)
            setRequest(of: easy)
            setCallbacks(of: easy)
            return easy
        }

        /// Frees libcurl's resources.
        func release() {
            if let easy { curl_easy_cleanup(easy) }
            easy = nil
            curl_slist_free_all(fields)
            fields = nil
        }

        private func setConnection(of easy: UnsafeMutableRawPointer) {
            // Names are resolved on a separate thread, so no signal is needed to time out.
            ccurl_set_long(easy, CURLOPT_NOSIGNAL, 1)
            ccurl_end_without_waiting(easy)
            ccurl_set_long(easy, CURLOPT_CONNECTTIMEOUT_MS, settings.connectTimeout.milliseconds)
            // Routers drop idle connections, and a model may think for a long time.
            ccurl_set_long(easy, CURLOPT_TCP_KEEPALIVE, 1)
            ccurl_set_long(easy, CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
            settings.trust.file?.withCString { _ = ccurl_set_pointer(easy, CURLOPT_CAINFO, $0) }
            settings.trust.directory?.withCString { _ = ccurl_set_pointer(easy, CURLOPT_CAPATH, $0) }
            if settings.ignoresProxies { "*".withCString { _ = ccurl_set_pointer(easy, CURLOPT_NOPROXY, $0) } }
            // A proxy's response while establishing a tunnel isn't part of the response.
            ccurl_set_long(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
        }

        private func setRequest(of easy: UnsafeMutableRawPointer) {
            template.url.withCString { _ = ccurl_set_pointer(easy, CURLOPT_URL, $0) }
            // Redirects aren't followed: the key and the conversation are intended only for the configured address.
            ccurl_set_long(easy, CURLOPT_FOLLOWLOCATION, 0)
            // Compression would delay events, so none is requested; compressed responses are still decoded.
            "identity".withCString { _ = ccurl_set_pointer(easy, CURLOPT_ACCEPT_ENCODING, $0) }
            ccurl_set_long(easy, CURLOPT_POST, 1)
            ccurl_set_size(easy, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(body.count))
            body.withUnsafeBytes { _ = ccurl_set_pointer(easy, CURLOPT_COPYPOSTFIELDS, $0.baseAddress) }
            body = []
            // With `Expect`, a large body would be delayed if the server doesn't support it.
            for field in (template.fields + template.fields(of: trace)).map({ "\($0.name): \($0.value)" }) + ["Expect:"]
            {
                fields = curl_slist_append(fields, field) ?? fields
            }
            ccurl_set_pointer(easy, CURLOPT_HTTPHEADER, fields)
        }

        private func setCallbacks(of easy: UnsafeMutableRawPointer) {
            let this = Unmanaged.passUnretained(self).toOpaque()
            ccurl_set_pointer(easy, CURLOPT_PRIVATE, this)
            ccurl_set_pointer(easy, CURLOPT_ERRORBUFFER, problem)
            ccurl_set_pointer(easy, CURLOPT_HEADERDATA, this)
            ccurl_set_callback(easy, CURLOPT_HEADERFUNCTION) { bytes, size, count, this in
                CurlTransfer.of(this)?.receiveHead(UnsafeRawBufferPointer(start: bytes, count: size * count)) ?? 0
            }
            ccurl_set_pointer(easy, CURLOPT_WRITEDATA, this)
            ccurl_set_callback(easy, CURLOPT_WRITEFUNCTION) { bytes, size, count, this in
                CurlTransfer.of(this)?.receiveBody(UnsafeRawBufferPointer(start: bytes, count: size * count)) ?? 0
            }
        }

        private static func of(_ pointer: UnsafeMutableRawPointer?) -> CurlTransfer? {
            pointer.map { Unmanaged<CurlTransfer>.fromOpaque($0).takeUnretainedValue() }
        }

        // MARK: - Receiving

        /// - Returns: the number of bytes accepted. Fewer than given ends the request.
        private func receiveHead(_ line: UnsafeRawBufferPointer) -> Int {
            lastActivity = .now
            unsentSize = 0
            guard head.size + line.count <= settings.largestHead else {
                failure = .other("the head of its answer is larger than \(settings.largestHead) bytes")
                return 0
            }
            if let head = head.feed(line) { mailbox.put(head) }
            return line.count
        }

        private func receiveBody(_ bytes: UnsafeRawBufferPointer) -> Int {
            lastActivity = .now
            guard received + bytes.count <= settings.largestAnswer else {
                failure = .tooLarge(limit: settings.largestAnswer)
                return 0
            }
            switch bytes.withMemoryRebound(to: UInt8.self, { mailbox.put($0) }) {
            case .accepted:
                received += bytes.count
                return bytes.count
            case .full:
                // libcurl keeps these bytes; the rest is held back by the kernel and the server.
                isPaused = true
                return Int(CURL_WRITEFUNC_PAUSE)
            case .closed: return 0
            }
        }

        /// Resumes a paused request.
        func resume() {
            guard isPaused, let easy else { return }
            isPaused = false
            lastActivity = .now
            curl_easy_pause(easy, CURLPAUSE_CONT)
        }

        // MARK: - Ending

        /// When the idle timeout expires, as of now; `nil` while the request is paused for its reader.
        var deadline: ContinuousClock.Instant? {
            guard !isPaused, let easy else { return nil }
            // A slow upload isn't idle.
            var sent: curl_off_t = 0
            if ccurl_get_size(easy, CURLINFO_SIZE_UPLOAD_T, &sent) == CURLE_OK, sent > uploaded {
                uploaded = sent
                lastActivity = .now
                if sent >= unsentSize { unsentSize = 0 }
            }
            return lastActivity + settings.idleTimeout
        }

        /// When to look at the deadline again: soon during an upload, because only a look shows that it goes on.
        var nextCheck: ContinuousClock.Instant? {
            deadline.map { unsentSize > 0 ? min($0, .now + .seconds(1)) : $0 }
        }

        /// Reports the outcome from libcurl.
        func end(_ code: CURLcode) {
            mailbox.end(failure ?? TransportError(code, of: self))
        }

        /// libcurl's own error message; empty if none.
        var said: String { String(cString: problem) }

        /// The host that the request is for, as opposed to a proxy.
        var host: String { template.host }

        /// Maximum seconds for establishing a connection.
        var connectSeconds: Int { settings.connectTimeout.milliseconds / 1000 }
    }

    extension Duration {
        fileprivate var milliseconds: Int {
            let (seconds, attoseconds) = components
            return Int(seconds) * 1000 + Int(attoseconds / 1_000_000_000_000_000)
        }
    }
#endif
