#if canImport(Glibc)
    import CCurl
    import Glibc
    import Threading

    /// The event loop of the thread that serves all requests. It sleeps until there is activity on one of them, or one
    /// must be started, resumed or ended.
    final class CurlLoop: @unchecked Sendable {
        private enum Command {
            case start(CurlTransfer)
            case resume(CurlTransfer)
            case end(CurlTransfer)
        }

        private struct State {
            var commands: [Command] = []
            var isRunning = false
            var isStopping = false
        }

        /// Maximum number of connections kept for reuse.
        private static let maxConnections = 256

        private let multi: UnsafeMutableRawPointer
        private let state = ConditionLocked(State())
        /// The transfers added to libcurl, by handle. Accessed only by the loop's thread, like `nextCheck`.
        private var transfers: [UnsafeMutableRawPointer: CurlTransfer] = [:]
        /// The earliest time at which a request may exceed its idle timeout.
        private var nextCheck: ContinuousClock.Instant?

        /// - Returns: `nil` if libcurl cannot be initialized.
        init?() {
            guard Self.isReady, let multi = curl_multi_init() else { return nil }
            self.multi = multi
            ccurl_multi_set_long(multi, CURLMOPT_MAXCONNECTS, Self.maxConnections)
        }

        deinit {
            curl_multi_cleanup(multi)
        }

        /// Whether libcurl was initialized; done once.
        static let isReady: Bool = {
            guard curl_global_init(Int(CURL_GLOBAL_ALL)) == CURLE_OK else { return false }
            // The TLS library is torn down at exit and must not be in use by then: handlers run in reverse order of
            // their registration.
            atexit { CurlLoop.stopAll() }
            return true
        }()

        private static let running = Locked<[ObjectIdentifier: CurlLoop]>([:])
        /// Maximum seconds that the program's exit waits for each thread.
        private static let loopTimeout = 1.0

        private static func stopAll() {
            let loops = running.withLock { Array($0.values) }
            for loop in loops { loop.stop() }
            for loop in loops { _ = loop.state.wait(seconds: loopTimeout) { $0.isRunning ? nil : () } }
        }

        // MARK: - From any thread

        /// Starts a request. Its outcome, including a failure to start, goes to its mailbox.
        func start(_ transfer: CurlTransfer) {
            let (isRefused, isFirst) = state.change { state in
                guard !state.isStopping else { return (true, false) }
                state.commands.append(.start(transfer))
                defer { state.isRunning = true }
                return (false, !state.isRunning)
            }
            guard !isRefused else { return transfer.mailbox.end(.lost) }
            guard isFirst else { return wakeUp() }
            Self.running.withLock { $0[ObjectIdentifier(self)] = self }
            do {
                try BackgroundThread.start("curl") { [self] in run() }
            } catch {
                state.change { state in
                    state.commands = []
                    state.isRunning = false
                }
                Self.running.withLock { $0[ObjectIdentifier(self)] = nil }
                transfer.mailbox.end(.other("\(error)"))
            }
        }

        /// Resumes a request whose reader has made room.
        func resume(_ transfer: CurlTransfer) {
            send(.resume(transfer))
        }

        /// Ends a request that is still in progress.
        func end(_ transfer: CurlTransfer) {
            send(.end(transfer))
        }

        /// Ends all requests and the thread.
        func stop() {
            state.change { $0.isStopping = true }
            wakeUp()
        }

        private func send(_ command: Command) {
            state.change { if $0.isRunning { $0.commands.append(command) } }
            wakeUp()
        }

        private func wakeUp() {
            curl_multi_wakeup(multi)
        }

        // MARK: - On the loop's thread

        private func run() {
            // Other threads handle signals. SIGPIPE, which libcurl leaves to its user, is delivered to the writing
            // thread.
            var all = sigset_t()
            sigfillset(&all)
            pthread_sigmask(SIG_BLOCK, &all, nil)

            while let commands = nextCommands() {
                for command in commands { obey(command) }
                var running: Int32 = 0
                var code = curl_multi_perform(multi, &running)
                finishEnded()
                endSilent()
                if code == CURLM_OK { code = curl_multi_poll(multi, nil, 0, maxSleep, nil) }
                // Otherwise this would become a busy loop.
                if code != CURLM_OK { endAll(.other(String(cString: curl_multi_strerror(code)))) }
            }
            endAll(.lost)
            Self.running.withLock { $0[ObjectIdentifier(self)] = nil }
            state.change { $0.isRunning = false }
        }

        /// - Returns: `nil` if the thread must end.
        private func nextCommands() -> [Command]? {
            state.change { state in
                defer { state.commands = [] }
                guard state.isStopping else { return state.commands }
                for case .start(let transfer) in state.commands { transfer.mailbox.end(.lost) }
                return nil
            }
        }

        private func obey(_ command: Command) {
            switch command {
            case .start(let transfer):
                guard let easy = transfer.prepare(), curl_multi_add_handle(multi, easy) == CURLM_OK else {
                    transfer.release()
                    return transfer.mailbox.end(.other("not enough memory for a request"))
                }
                transfers[easy] = transfer
                noteDeadline(of: transfer)
            case .resume(let transfer):
                transfer.resume()
                noteDeadline(of: transfer)
            case .end(let transfer): remove(transfer)
            }
        }

        private func remove(_ transfer: CurlTransfer) {
            guard let easy = transfer.easy, transfers.removeValue(forKey: easy) != nil else { return }
            curl_multi_remove_handle(multi, easy)
            transfer.release()
        }

        private func finishEnded() {
            var left: Int32 = 0
            while let message = curl_multi_info_read(multi, &left) {
                guard message.pointee.msg == CURLMSG_DONE, let easy = message.pointee.easy_handle,
                    let transfer = transfers[easy]
                else { continue }
                transfer.end(ccurl_result(message))
                remove(transfer)
            }
        }

        private func endAll(_ error: TransportError) {
            for transfer in transfers.values {
                transfer.mailbox.end(error)
                remove(transfer)
            }
        }

        // MARK: - Idle timeouts

        /// Ends requests whose idle timeout has expired.
        private func endSilent() {
            guard let check = nextCheck, check <= .now else { return }
            nextCheck = nil
            for transfer in transfers.values {
                guard let deadline = transfer.deadline else { continue }
                if deadline <= .now {
                    transfer.mailbox.end(.silent)
                    remove(transfer)
                } else {
                    noteDeadline(of: transfer)
                }
            }
        }

        private func noteDeadline(of transfer: CurlTransfer) {
            guard let check = transfer.nextCheck else { return }
            nextCheck = min(check, nextCheck ?? check)
        }

        /// Milliseconds until the next idle timeout may expire, rounded up. libcurl's own timers may shorten the sleep.
        private var maxSleep: Int32 {
            guard let nextCheck else { return .max }
            let (seconds, attoseconds) = ContinuousClock.now.duration(to: nextCheck).components
            guard seconds < 1_000_000 else { return 1_000_000_000 }
            return Int32(max(0, seconds * 1000 + attoseconds / 1_000_000_000_000_000 + 1))
        }
    }
#endif
