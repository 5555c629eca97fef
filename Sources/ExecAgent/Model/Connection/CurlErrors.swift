#if canImport(Glibc)
    import CCurl
    import Glibc

    extension TransportError {
        /// Converts the `code` that `transfer` ended with; `nil` for success.
        init?(_ code: CURLcode, of transfer: CurlTransfer) {
            let reason = transfer.said.isEmpty ? String(cString: curl_easy_strerror(code)) : transfer.said
            if let proxyError = Self.proxyError(code, of: transfer, reason) {
                self = proxyError
                return
            }
            switch code {
            case CURLE_OK: return nil
            case CURLE_COULDNT_RESOLVE_HOST: self = .unknownHost
            case CURLE_COULDNT_CONNECT: self = .refused
            // None of libcurl's other timers is used.
            case CURLE_OPERATION_TIMEDOUT: self = .unconnected(seconds: transfer.connectSeconds)
            case CURLE_GOT_NOTHING, CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_PARTIAL_FILE, CURLE_HTTP2,
                CURLE_HTTP2_STREAM, CURLE_SEND_FAIL_REWIND:
                self = .lost
            case CURLE_SSL_CONNECT_ERROR where reason.contains("reset by peer"): self = .lost
            case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE,
                CURLE_SSL_CERTPROBLEM,
                CURLE_SSL_CIPHER, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_CRL_BADFILE, CURLE_SSL_INVALIDCERTSTATUS,
                CURLE_SSL_ENGINE_INITFAILED, CURLE_USE_SSL_FAILED:
                self = .insecure(reason)
            default: self = .other(reason)
            }
        }

        /// Detects a failure of the proxy.
        private static func proxyError(
            _ code: CURLcode, of transfer: CurlTransfer, _ reason: String
        ) -> TransportError? {
            switch code {
            case CURLE_COULDNT_RESOLVE_PROXY, CURLE_PROXY: return .proxy(reason, mayPass: false)
            // Only libcurl's message says which host it could not reach.
            case CURLE_COULDNT_CONNECT where hasProxies && !reason.contains(" \(transfer.host) "):
                return .proxy(reason, mayPass: true)
            case CURLE_OK: return nil
            default:
                var status = 0
                guard let easy = transfer.easy, ccurl_get_long(easy, CURLINFO_HTTP_CONNECTCODE, &status) == CURLE_OK,
                    status >= 300
                else { return nil }
                return .proxy(reason, mayPass: status >= 500)
            }
        }

        /// Whether the environment configures a proxy for any host.
        private static var hasProxies: Bool {
            let names: [String] = ["http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]
            return names.contains { name in getenv(name).map { $0.pointee != 0 } ?? false }
        }
    }
#endif
