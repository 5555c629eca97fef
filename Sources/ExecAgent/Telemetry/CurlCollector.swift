#if canImport(Glibc)
    import CCurl
    import Telemetry

    /// Sends documents to a collector over HTTPS.
    enum CurlCollector {
        /// Posts a document. Blocks the calling thread, for the timeout at most.
        ///
        /// - Returns: whether the collector has accepted it.
        static func post(_ document: [UInt8], to settings: TraceExportSettings) -> Bool {
            guard CurlLoop.isReady, let easy = curl_easy_init() else { return false }
            defer { curl_easy_cleanup(easy) }
            ccurl_set_long(easy, CURLOPT_NOSIGNAL, 1)
            ccurl_set_long(easy, CURLOPT_TIMEOUT_MS, Int(settings.timeout * 1000))
            ccurl_set_long(easy, CURLOPT_FOLLOWLOCATION, 0)
            ccurl_set_long(easy, CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
            let trust = CurlTrust.ofThisSystem
            trust.file?.withCString { _ = ccurl_set_pointer(easy, CURLOPT_CAINFO, $0) }
            trust.directory?.withCString { _ = ccurl_set_pointer(easy, CURLOPT_CAPATH, $0) }
            settings.url.text.withCString { _ = ccurl_set_pointer(easy, CURLOPT_URL, $0) }
            ccurl_set_long(easy, CURLOPT_POST, 1)
            ccurl_set_size(easy, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(document.count))
            document.withUnsafeBytes { _ = ccurl_set_pointer(easy, CURLOPT_COPYPOSTFIELDS, $0.baseAddress) }
            var fields: UnsafeMutablePointer<curl_slist>?
            defer { curl_slist_free_all(fields) }
            let own = ["Content-Type: application/json", "Expect:"]
            for field in own + settings.headers.map({ "\($0.name): \($0.value)" }) {
                fields = curl_slist_append(fields, field) ?? fields
            }
            ccurl_set_pointer(easy, CURLOPT_HTTPHEADER, fields)
            // Nothing in the response is needed.
            ccurl_set_callback(easy, CURLOPT_WRITEFUNCTION) { _, size, count, _ in size * count }
            var status = 0
            guard curl_easy_perform(easy) == CURLE_OK, ccurl_get_long(easy, CURLINFO_RESPONSE_CODE, &status) == CURLE_OK
            else { return false }
            return 200...299 ~= status
        }
    }
#endif
