#if canImport(Glibc)
    import CCurl
    import Glibc

    /// A request under way. All of it but the mailbox belongs to the thread of the loop.
    final class CurlTransfer: @unchecked Sendable {
        let mailbox: TransferMailbox

        private let template: RequestTemplate
        private let settings: CurlSettings
        /// Empty once libcurl has it.
        private var body: [UInt8]

        private(set) var easy: UnsafeMutableRawPointer?
        private var fields: UnsafeMutablePointer<curl_slist>?
        private let problem: UnsafeMutablePointer<CChar>

        private var head = CurlHead()
        private var received = 0
        private var uploaded: curl_off_t = 0
        private var lastHeard = ContinuousClock.now
        /// Why it was given up here.
        private var failure: TransportError?
        private(set) var isPaused = false

        init(_ template: RequestTemplate, body: [UInt8], _ settings: CurlSettings) {
            self.template = template
            self.body = body
            self.settings = settings
            mailbox = TransferMailbox(limit: settings.largestUnread)
            problem = .allocate(capacity: Int(CURL_ERROR_SIZE))
            problem.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        }

        deinit {
            release()
            problem.deallocate()
        }

        // MARK: - Its life

        /// Makes the handle. It is to be removed from any others before ``release()``.
        ///
        /// - Returns: `nil` where there is no memory for it.
        func prepare() -> UnsafeMutableRawPointer? {
            guard let easy = curl_easy_init() else { return nil }
            self.easy = easy
            lastHeard = .now
            setConnection(of: easy)
            setRequest(of: easy)
            setCallbacks(of: easy)
            return easy
        }

        /// Frees what libcurl has of it.
        func release() {
            if let easy { curl_easy_cleanup(easy) }
            easy = nil
            curl_slist_free_all(fields)
            fields = nil
        }

        private func setConnection(of easy: UnsafeMutableRawPointer) {
            // The name is looked up on a thread of its own, and no signal ends that.
            ccurl_set_long(easy, CURLOPT_NOSIGNAL, 1)
            ccurl_end_without_waiting(easy)
            ccurl_set_long(easy, CURLOPT_CONNECTTIMEOUT_MS, settings.connectTimeout.milliseconds)
            // Routers on the way forget connections over which nothing is said, and a model may think for long.
            ccurl_set_long(easy, CURLOPT_TCP_KEEPALIVE, 1)
            ccurl_set_long(easy, CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
            settings.trust.file?.withCString { _ = ccurl_set_pointer(easy, CURLOPT_CAINFO, $0) }
            settings.trust.directory?.withCString { _ = ccurl_set_pointer(easy, CURLOPT_CAPATH, $0) }
            // What a proxy says while it makes a tunnel is no answer.
            ccurl_set_long(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
        }

        private func setRequest(of easy: UnsafeMutableRawPointer) {
            template.url.withCString { _ = ccurl_set_pointer(easy, CURLOPT_URL, $0) }
            // No redirection is followed: the key and the conversation are meant for the configured address alone.
            ccurl_set_long(easy, CURLOPT_FOLLOWLOCATION, 0)
            // Compression would hold events back; but it is understood.
            "identity".withCString { _ = ccurl_set_pointer(easy, CURLOPT_ACCEPT_ENCODING, $0) }
            ccurl_set_long(easy, CURLOPT_POST, 1)
            ccurl_set_size(easy, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(body.count))
            body.withUnsafeBytes { _ = ccurl_set_pointer(easy, CURLOPT_COPYPOSTFIELDS, $0.baseAddress) }
            body = []
            // Servers that do not know `Expect` would have a large body waited for.
            for field in template.fields.map({ "\($0.name): \($0.value)" }) + ["Expect:"] {
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
                CurlTransfer.of(this)?.hearHead(UnsafeRawBufferPointer(start: bytes, count: size * count)) ?? 0
            }
            ccurl_set_pointer(easy, CURLOPT_WRITEDATA, this)
            ccurl_set_callback(easy, CURLOPT_WRITEFUNCTION) { bytes, size, count, this in
                CurlTransfer.of(this)?.hearBody(UnsafeRawBufferPointer(start: bytes, count: size * count)) ?? 0
            }
        }

        private static func of(_ pointer: UnsafeMutableRawPointer?) -> CurlTransfer? {
            pointer.map { Unmanaged<CurlTransfer>.fromOpaque($0).takeUnretainedValue() }
        }

        // MARK: - What comes

        /// - Returns: how many bytes were taken. Fewer than there are ends the request.
        private func hearHead(_ line: UnsafeRawBufferPointer) -> Int {
            lastHeard = .now
            guard head.size + line.count <= settings.largestHead else {
                failure = .other("the head of its answer is larger than \(settings.largestHead) bytes")
                return 0
            }
            if let head = head.feed(line) { mailbox.put(head) }
            return line.count
        }

        private func hearBody(_ bytes: UnsafeRawBufferPointer) -> Int {
            lastHeard = .now
            guard received + bytes.count <= settings.largestAnswer else {
                failure = .tooLarge(limit: settings.largestAnswer)
                return 0
            }
            switch bytes.withMemoryRebound(to: UInt8.self, { mailbox.put($0) }) {
            case .accepted:
                received += bytes.count
                return bytes.count
            case .full:
                // libcurl keeps them, and leaves the rest to the kernel, and to the server.
                isPaused = true
                return Int(CURL_WRITEFUNC_PAUSE)
            case .closed: return 0
            }
        }

        /// Goes on where it had paused.
        func resume() {
            guard isPaused, let easy else { return }
            isPaused = false
            lastHeard = .now
            curl_easy_pause(easy, CURLPAUSE_CONT)
        }

        // MARK: - Its end

        /// When it has been silent for too long, as of now; `nil` where it waits for its reader.
        var deadline: ContinuousClock.Instant? {
            guard !isPaused, let easy else { return nil }
            // A long request over a thin line is no silence.
            var sent: curl_off_t = 0
            if ccurl_get_size(easy, CURLINFO_SIZE_UPLOAD_T, &sent) == CURLE_OK, sent > uploaded {
                uploaded = sent
                lastHeard = .now
            }
            return lastHeard + settings.idleTimeout
        }

        /// Says how libcurl ended it.
        func end(_ code: CURLcode) {
            mailbox.end(failure ?? TransportError(code, of: self))
        }

        /// What libcurl says of the end in words of its own; empty where it says nothing.
        var said: String { String(cString: problem) }

        /// The host that was meant.
        var host: String { template.host }

        /// The seconds that making a connection may take.
        var connectSeconds: Int { settings.connectTimeout.milliseconds / 1000 }
    }

    extension Duration {
        fileprivate var milliseconds: Int {
            let (seconds, attoseconds) = components
            return Int(seconds) * 1000 + Int(attoseconds / 1_000_000_000_000_000)
        }
    }
#endif
