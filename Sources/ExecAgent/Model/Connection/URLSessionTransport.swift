#if !canImport(Glibc)
    import Foundation
    import Threading

    /// Sends requests through one `URLSession`, which keeps connections open for reuse.
    final class URLSessionTransport: Transport {
        /// Maximum size of an answer including the streaming overhead, in bytes. Unread data is kept in memory.
        private static let largestAnswer = 64 << 20
        /// The session's default of six connections would make conversations wait for each other.
        private static let connections = 256

        let host: String
        private let session: URLSession
        private let requests: RunningRequests
        private let template: URLRequest

        /// - Throws: ``ModelError`` if the address or the key is unusable.
        init(_ options: EndpointOptions) throws(ModelError) {
            let template = try RequestTemplate(options)
            guard let url = URL(string: template.url) else {
                throw ModelError(
                    kind: .refused, message: "The model's URL cannot be used: check OPENAI_BASE_URL.")
            }
            host = template.host
            // The session's own timer may measure differently, so it is set longer than ours, which is authoritative.
            var request = URLRequest(url: url, timeoutInterval: 2 * options.idleTimeout)
            request.httpMethod = "POST"
            for field in template.fields { request.setValue(field.value, forHTTPHeaderField: field.name) }
            self.template = request

            // Nothing is stored on disk, and no cookies are sent.
            let configuration = URLSessionConfiguration.ephemeral
            configuration.httpShouldSetCookies = false
            configuration.httpCookieStorage = nil
            configuration.urlCache = nil
            configuration.httpMaximumConnectionsPerHost = Self.connections
            configuration.timeoutIntervalForRequest = 2 * options.idleTimeout
            requests = RunningRequests(largestAnswer: Self.largestAnswer, idleTimeout: .seconds(options.idleTimeout))
            session = URLSession(configuration: configuration, delegate: requests, delegateQueue: nil)
        }

        deinit {
            session.invalidateAndCancel()
        }

        func post(_ body: [UInt8]) -> AsyncThrowingStream<TransportEvent, any Error> {
            var request = template
            request.httpBody = Data(body)
            let task = session.dataTask(with: request)
            return AsyncThrowingStream { continuation in
                requests.add(task, continuation)
                let watch = Task { [requests] in await requests.endWhenSilent(task.taskIdentifier) }
                continuation.onTermination = { _ in
                    watch.cancel()
                    task.cancel()
                }
                task.resume()
            }
        }
    }

    /// Forwards the session's events to the requests they belong to.
    private final class RunningRequests: NSObject, URLSessionDataDelegate {
        private struct Running {
            let continuation: AsyncThrowingStream<TransportEvent, any Error>.Continuation
            var size = 0
            var lastActivity = ContinuousClock.now
        }

        private let largestAnswer: Int
        private let idleTimeout: Duration
        private let running = Locked<[Int: Running]>([:])

        init(largestAnswer: Int, idleTimeout: Duration) {
            self.largestAnswer = largestAnswer
            self.idleTimeout = idleTimeout
        }

        func add(_ task: URLSessionTask, _ continuation: AsyncThrowingStream<TransportEvent, any Error>.Continuation) {
            running.withLock { $0[task.taskIdentifier] = Running(continuation: continuation) }
        }

        /// Ends a request once the idle timeout expires without data.
        func endWhenSilent(_ identifier: Int) async {
            while let request = running.withLock({ $0[identifier] }) {
                let end = request.lastActivity + idleTimeout
                if end <= .now { return request.continuation.finish(throwing: TransportError.silent) }
                guard (try? await Task.sleep(until: end, clock: .continuous)) != nil else { return }
            }
        }

        func urlSession(
            _ session: URLSession, dataTask: URLSessionDataTask, didReceive response: URLResponse,
            completionHandler: @escaping @Sendable (URLSession.ResponseDisposition) -> Void
        ) {
            if let response = response as? HTTPURLResponse {
                let head = UpstreamResponseHead(
                    status: response.statusCode, retryAfter: response.value(forHTTPHeaderField: "Retry-After"),
                    location: response.value(forHTTPHeaderField: "Location"))
                recordActivity(0, of: dataTask)?.yield(.head(head))
            }
            completionHandler(.allow)
        }

        func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
            recordActivity(data.count, of: dataTask)?.yield(.bytes(Array(data)))
        }

        /// Counts received data.
        ///
        /// - Returns: `nil` if the request has ended, or ends now because the response is too large.
        private func recordActivity(
            _ count: Int, of task: URLSessionTask
        ) -> AsyncThrowingStream<TransportEvent, any Error>.Continuation? {
            let request = running.withLock { running in
                running[task.taskIdentifier]?.size += count
                running[task.taskIdentifier]?.lastActivity = .now
                return running[task.taskIdentifier]
            }
            guard let request, request.size > largestAnswer else { return request?.continuation }
            request.continuation.finish(throwing: TransportError.tooLarge(limit: largestAnswer))
            return nil
        }

        /// Redirects aren't followed: the key and the conversation are intended only for the configured address.
        func urlSession(
            _ session: URLSession, task: URLSessionTask, willPerformHTTPRedirection response: HTTPURLResponse,
            newRequest request: URLRequest, completionHandler: @escaping @Sendable (URLRequest?) -> Void
        ) {
            completionHandler(nil)
        }

        func urlSession(_ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?) {
            let request = running.withLock { $0.removeValue(forKey: task.taskIdentifier) }
            request?.continuation.finish(throwing: error.map(TransportError.init(_:)))
        }
    }

    extension TransportError {
        fileprivate init(_ error: any Error) {
            guard let error = error as? URLError else {
                self = .other(error.localizedDescription)
                return
            }
            switch error.code {
            case .cannotFindHost, .dnsLookupFailed: self = .unknownHost
            case .cannotConnectToHost: self = .refused
            case .networkConnectionLost, .notConnectedToInternet, .badServerResponse: self = .lost
            case .timedOut: self = .silent
            case .secureConnectionFailed, .serverCertificateHasBadDate, .serverCertificateUntrusted,
                .serverCertificateHasUnknownRoot, .serverCertificateNotYetValid, .clientCertificateRejected:
                self = .insecure(error.localizedDescription)
            default: self = .other(error.localizedDescription)
            }
        }
    }
#endif
