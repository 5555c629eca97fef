import ExecCore
import JSON
import JSONRPC
import Threading

/// One connection from code in a sandbox: lines with requests come in, lines with answers go out, in any order.
///
/// One thread reads, another writes. Each request has a task, which is cancelled with the connection.
final class BridgeConnection: StreamedGuestCall {
    private struct State {
        var open: [RequestID: Task<Void, Never>] = [:]
        var output: [Reply] = []
        /// The size of the answers that are not written yet, in bytes.
        var unreadBytes = 0
        /// What its requests use of the memory that it has for itself, in bytes.
        var ownBytes = 0
        var isAtEndOfInput = false
        var isCancelled = false
        var writerHasEnded = true
    }

    /// An answer, and what to do when it is written or can't be.
    struct Reply: Sendable {
        let line: [UInt8]
        var onWritten: @Sendable () -> Void = {}
    }

    /// What the requests of a connection are given to.
    typealias Handler = @Sendable (BridgeRequest) async -> Reply

    private static let pieceSize = 64 * 1024

    let stream: GuestCallStream
    private let handler: Handler?
    private let unread: UnreadAnswers
    private let memory: RequestMemory
    private let state = ConditionLocked(State())

    /// - Parameters:
    ///   - stream: the connection's bytes.
    ///   - unread: counts the answers that the sandbox hasn't read.
    ///   - memory: limits what the requests of the sandbox use.
    ///   - handler: answers requests; `nil` if there can be none because the command is over.
    init(_ stream: GuestCallStream, unread: UnreadAnswers, memory: RequestMemory, handler: Handler?) {
        self.stream = stream
        self.unread = unread
        self.memory = memory
        self.handler = handler
    }

    func cancel() {
        stream.cancel()
        let tasks = state.change { state in
            state.isCancelled = true
            return state.open.values
        }
        for task in tasks { task.cancel() }
        memory.wake()
    }

    private var isCancelled: Bool { state.withLock { $0.isCancelled } }

    func serve() {
        do {
            try stream.open()
            state.change { $0.writerHasEnded = false }
            try BackgroundThread.start("bridge-writer") { [self] in
                writeAnswers()
                state.change { $0.writerHasEnded = true }
            }
        } catch {
            return stream.finish(GuestCallError(.busy, "The server has no thread for another connection."))
        }
        if let handler {
            readRequests(handler)
        } else {
            refuse(BridgeError(.interrupted, "The command that this connection belongs to is over."))
        }
        state.wait { $0.open.isEmpty ? () : nil }
        state.change { $0.isAtEndOfInput = true }
        state.wait { $0.writerHasEnded ? () : nil }
        stream.finish(nil)
    }

    // MARK: - Requests

    private func readRequests(_ handler: @escaping Handler) {
        var splitter = LineSplitter(limit: RequestLimits.lineBytes)
        var isLineLong = false
        defer { if isLineLong { memory.endLongLine(of: ObjectIdentifier(self)) } }
        while let bytes = stream.read() {
            var lines: [LineSplitter.Line] = []
            if bytes.isEmpty {
                splitter.end { lines.append($0) }
            } else {
                bytes.withUnsafeBytes { piece in splitter.feed(piece) { lines.append($0) } }
            }
            for line in lines {
                switch line {
                case .complete(let line), .unfinished(let line): receive(line, handler)
                case .tooLong(let limit, _):
                    return refuse(BridgeError(.malformed, "A request has more than \(limit) bytes."))
                }
            }
            guard setLineLong(splitter.pendingCount > RequestLimits.longLineBytes, &isLineLong) else { return }
            guard !bytes.isEmpty, (try? stream.release(bytes.count)) != nil else { return }
            // A client that sends requests and reads no answers waits here.
            state.wait { $0.unreadBytes <= RequestLimits.unreadBytes || $0.isCancelled ? () : nil }
        }
    }

    /// Waits for its turn to read a line that has become long.
    ///
    /// - Returns: whether to read on.
    private func setLineLong(_ isLong: Bool, _ wasLong: inout Bool) -> Bool {
        guard isLong != wasLong else { return true }
        if isLong {
            let mayRead = memory.beginLongLine(
                of: ObjectIdentifier(self), unless: { isCancelled }, orEnd: { [weak self] in self?.cancel() })
            guard mayRead else { return false }
        } else {
            memory.endLongLine(of: ObjectIdentifier(self))
        }
        wasLong = isLong
        return true
    }

    /// Waits until there is memory for a request.
    ///
    /// - Returns: what to do when the memory is no longer needed; `nil` if the connection was cancelled.
    private func memory(for line: [UInt8]) -> (@Sendable () -> Void)? {
        let size = RequestMemory.size(of: line)
        let isOwn = state.withLock { state in
            guard state.ownBytes + size <= RequestLimits.ownRequestBytes else { return false }
            state.ownBytes += size
            return true
        }
        if isOwn { return { [state] in state.withLock { $0.ownBytes -= size } } }
        guard let used = memory.use(size, unless: { isCancelled }) else { return nil }
        return { [memory] in memory.free(used) }
    }

    private func receive(_ line: [UInt8], _ handler: @escaping Handler) {
        guard let free = memory(for: line) else { return }
        let message: BridgeRequest.Message
        do throws(UnreadableRequestError) {
            message = try BridgeRequest.parse(line)
        } catch {
            free()
            return refuse(error)
        }
        switch message {
        case .cancel(let id):
            free()
            state.withLock { $0.open[id] }?.cancel()
        case .request(var request):
            request.isWanted = { [weak self] in self?.isCancelled == false }
            do throws(BridgeError) {
                guard try !start(request, handler, free) else { return }
            } catch {
                refuse(error)
            }
            free()
        }
    }

    /// - Parameter free: called when the request is answered.
    /// - Returns: whether it was started.
    private func start(
        _ request: BridgeRequest, _ handler: @escaping Handler, _ free: @escaping @Sendable () -> Void
    ) throws(BridgeError) -> Bool {
        var isStarted = false
        let failure = state.change { state -> BridgeError? in
            guard !state.isCancelled else { return nil }
            guard state.open[request.id] == nil else {
                return BridgeError(.malformed, "A request with this id is open already.")
            }
            guard state.open.count < RequestLimits.openRequests else {
                return BridgeError(
                    .budget, "\(RequestLimits.openRequests) requests of this connection are open already.")
            }
            isStarted = true
            state.open[request.id] = Task { [self] in
                let reply = await handler(request)
                free()
                add(reply, to: request.id)
            }
            return nil
        }
        guard let failure else { return isStarted }
        // The other request with this id would otherwise seem to have failed.
        if failure.kind == .malformed { throw failure }
        add(Reply(line: request.failure(failure)))
        return false
    }

    /// Answers a request that could not be read.
    private func refuse(_ request: UnreadableRequestError) {
        // The open request with this id would otherwise seem to have failed.
        let id = request.id.flatMap { id in state.withLock { $0.open[id] == nil } ? id : nil }
        add(Reply(line: BridgeRequest.line(id: id?.json ?? .null, ["error": request.error.json])))
    }

    private func refuse(_ error: BridgeError) {
        add(Reply(line: BridgeRequest.line(id: .null, ["error": error.json])))
    }

    // MARK: - Answers

    /// - Parameter request: the open request that it answers; `nil` if it answers none.
    private func add(_ reply: Reply, to request: RequestID? = nil) {
        // Before it can be written.
        unread.add(reply.line.count, to: ObjectIdentifier(self)) { [weak self] in self?.cancel() }
        let isWanted = state.change { state in
            // In one step: a client that has the answer may use the id again.
            if let request { state.open[request] = nil }
            guard !state.isCancelled else { return false }
            state.output.append(reply)
            state.unreadBytes += reply.line.count
            return true
        }
        guard !isWanted else { return }
        reply.onWritten()
        unread.remove(reply.line.count, from: ObjectIdentifier(self))
    }

    private func writeAnswers() {
        while let reply = nextReply() {
            let isWritten = write(reply.line)
            reply.onWritten()
            state.change { $0.unreadBytes -= reply.line.count }
            unread.remove(reply.line.count, from: ObjectIdentifier(self))
            guard isWritten else {
                cancel()
                break
            }
        }
        let unwritten = state.change { state in
            defer { state.output = [] }
            return state.output
        }
        for reply in unwritten {
            reply.onWritten()
            unread.remove(reply.line.count, from: ObjectIdentifier(self))
        }
        if !state.withLock({ $0.isCancelled }) { try? stream.endWriting() }
    }

    /// - Returns: `nil` if there will be none.
    private func nextReply() -> Reply? {
        state.wait { state -> Reply?? in
            if state.isCancelled { return .some(nil) }
            guard state.output.isEmpty else { return state.output.removeFirst() }
            return state.isAtEndOfInput && state.open.isEmpty ? .some(nil) : nil
        }
    }

    private func write(_ line: [UInt8]) -> Bool {
        var rest = line[...]
        while !rest.isEmpty {
            let room = stream.waitForCredit(atMost: Self.pieceSize)
            guard room > 0, (try? stream.write(Array(rest.prefix(room)))) != nil else { return false }
            unread.noteReading(of: ObjectIdentifier(self))
            rest = rest.dropFirst(room)
        }
        return true
    }
}
