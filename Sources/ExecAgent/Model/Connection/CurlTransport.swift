#if canImport(Glibc)
    import CCurl
    import Glibc

    /// Requests by libcurl, which keeps its connections open for the next ones. One thread serves all of them.
    ///
    /// Foundation's `URLSession` is no choice on Linux: while it waits for an answer it turns in a circle, and takes a
    /// whole core.
    final class CurlTransport: Transport {
        /// Bytes of an answer, with all that streaming wraps around them.
        private static let largestAnswer = 64 << 20

        let host: String
        private let loop: CurlLoop
        private let template: RequestTemplate
        private let settings: CurlSettings

        /// - Parameter adjust: changes what holds for all requests.
        /// - Throws: ``ModelError`` where the address or the key cannot be used.
        init(_ options: EndpointOptions, adjust: (inout CurlSettings) -> Void = { _ in }) throws(ModelError) {
            template = try RequestTemplate(options)
            host = template.host
            var settings = CurlSettings(
                largestAnswer: Self.largestAnswer, idleTimeout: .milliseconds(Int64(options.idleTimeout * 1000)),
                trust: .ofThisSystem)
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
            let transfer = CurlTransfer(template, body: body, settings)
            loop.start(transfer)
            let reader = Reader(loop: loop, transfer: transfer)
            return AsyncThrowingStream { try await reader.next() }
        }

        /// Whoever reads an answer. The request ends with it.
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
                // Nothing more comes, or the task was cancelled.
                if event == nil { loop.end(transfer) }
                return event
            }
        }
    }

    /// What holds for all requests.
    struct CurlSettings: Sendable {
        /// Bytes of an answer's body.
        var largestAnswer: Int
        /// Bytes of an answer's head.
        var largestHead = 256 << 10
        /// Unread bytes of an answer's body beyond which no more are received. More than most answers have: over HTTP/2 one
        /// that is held back may hold up its neighbours.
        var largestUnread = 1 << 20
        /// How long nothing may come.
        var idleTimeout: Duration
        /// How long making a connection may take: the name, TCP, the proxy, TLS.
        var connectTimeout = Duration.seconds(30)
        var trust: CurlTrust
    }

    /// Which certificates are trusted.
    struct CurlTrust: Sendable, Equatable {
        /// A file with authorities; `nil` for the one that libcurl was built for.
        var file: String?
        /// A directory with them, likewise.
        var directory: String?

        /// Where systems keep them: Debian, Ubuntu, Arch and Alpine; Fedora and its like; openSUSE; others.
        private static let usualFiles = [
            "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt",
            "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem",
        ]

        /// What the variables of the environment name, as for OpenSSL and for curl; otherwise what the system has.
        static var ofThisSystem: CurlTrust {
            CurlTrust(
                variable: { name in getenv(name).map { String(cString: $0) } },
                preset: [ccurl_default_ca_file(), ccurl_default_ca_directory()].compactMap {
                    $0.map { String(cString: $0) }
                },
                exists: { access($0, R_OK) == 0 })
        }

        /// - Parameters:
        ///   - preset: what libcurl was built for. It may be that of another system than this one.
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
