#if canImport(Glibc)
    import CCurl
    import CommandOptions
    import Glibc
    import Telemetry

    /// Sends requests through libcurl, which keeps connections open for reuse. One thread serves all requests.
    ///
    /// Foundation's `URLSession` isn't suitable on Linux: it busy-waits for responses, using a full core.
    final class CurlTransport: Transport {
        /// Maximum size of an answer including the streaming overhead, in bytes.
        private static let largestAnswer = 64 << 20

        let host: String
        private let loop: CurlLoop
        private let template: RequestTemplate
        private let settings: CurlSettings

        /// - Parameter adjust: modifies the settings for all requests.
        /// - Throws: ``ModelError`` if the address or the key is unusable.
        init(_ options: EndpointOptions, adjust: (inout CurlSettings) -> Void = { _ in }) throws(ModelError) {
            template = try RequestTemplate(options)
            host = template.host
            var settings = CurlSettings(
                largestAnswer: Self.largestAnswer, idleTimeout: .milliseconds(Int64(options.idleTimeout * 1000)),
                trust: .ofThisSystem)
            settings.ignoresProxies = ProxySetting.isExempt(options.baseURL, in: ProcessEnvironment.variables)
            adjust(&settings)
            self.settings = settings
            guard let loop = CurlLoop() else {
                throw ModelError(kind: .unreachable, message: "libcurl cannot be used: it has no memory to start.")
            }
            self.loop = loop
        }

        deinit {
            loop.stop()
        }

        func post(_ body: [UInt8]) -> AsyncThrowingStream<TransportEvent, any Error> {
            let transfer = CurlTransfer(template, body: body, settings, trace: .current)
            loop.start(transfer)
            let reader = Reader(loop: loop, transfer: transfer)
            return AsyncThrowingStream { try await reader.next() }
        }

        /// The reader of a response. The request ends with it.
        private final class Reader: Sendable {
            private let loop: CurlLoop
            private let transfer: CurlTransfer

            init(loop: CurlLoop, transfer: CurlTransfer) {
                self.loop = loop
                self.transfer = transfer
            }

            deinit {
                transfer.mailbox.close()
                loop.end(transfer)
            }

            func next() async throws -> TransportEvent? {
                let event = try await transfer.mailbox.next { loop.resume(transfer) }
                // The response has ended, or the task was cancelled.
                if event == nil { loop.end(transfer) }
                return event
            }
        }
    }

    /// Settings for all requests.
    struct CurlSettings: Sendable {
        /// Maximum size of a response's body, in bytes.
        var largestAnswer: Int
        /// Maximum size of a response's head, in bytes.
        var largestHead = 256 << 10
        /// Unread bytes of a response's body beyond which receiving pauses. Larger than most answers, because over
        /// HTTP/2 a paused response may block others on the same connection.
        var largestUnread = 1 << 20
        /// Maximum time without data.
        var idleTimeout: Duration
        /// Maximum time for establishing a connection: name resolution, TCP, proxy, TLS.
        var connectTimeout = Duration.seconds(30)
        var trust: CurlTrust
        /// Whether to go past the proxies that the environment configures.
        var ignoresProxies = false
    }

    /// The certificate authorities to trust.
    struct CurlTrust: Sendable, Equatable {
        /// A file of certificates; `nil` for libcurl's built-in default.
        var file: String?
        /// A directory of certificates; `nil` for libcurl's built-in default.
        var directory: String?

        /// The usual locations: Debian, Ubuntu, Arch and Alpine; Fedora and its derivatives; openSUSE; others.
        private static let usualFiles = [
            "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt",
            "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem",
        ]

        /// From the environment variables that OpenSSL and curl use; otherwise the system's.
        static var ofThisSystem: CurlTrust {
            CurlTrust(
                variable: { name in getenv(name).map { String(cString: $0) } },
                preset: [ccurl_default_ca_file(), ccurl_default_ca_directory()].compactMap {
                    $0.map { String(cString: $0) }
                },
                exists: { access($0, R_OK) == 0 })
        }

        /// - Parameters:
        ///   - preset: the paths compiled into libcurl, which may be those of another system.
        init(variable: (String) -> String?, preset: [String], exists: (String) -> Bool) {
            func named(_ name: String) -> String? { variable(name).flatMap { $0.isEmpty ? nil : $0 } }
            file = named("SSL_CERT_FILE") ?? named("CURL_CA_BUNDLE")
            directory = named("SSL_CERT_DIR")
            if file == nil, directory == nil, !preset.contains(where: exists) {
                file = Self.usualFiles.first(where: exists)
            }
        }
    }
#endif
