import ExecCore
import Hashing
import JSONRPC
import MCP
import SystemCalls
import Threading

/// Unfinished uploads. The server keeps them until they are complete, so that a sandbox never holds a part of a file,
/// whatever ends first.
final class FileUploads: Sendable {
    /// The maximum size of a file, in bytes.
    static let maxFile = Limits.writeBytes
    /// The maximum number of bytes in a chunk.
    static let maxChunk = 4 << 20
    /// Seconds without a chunk after which an upload is dropped.
    static let idleSeconds = 600.0
    /// The maximum number of uploads of a user, and of bytes of all users. Of these, one user has half at most.
    static let (maxUploads, maxBytes) = (16, 256 << 20)
    private static let idBytes = 16

    /// Where a file is to be stored.
    struct Target: Sendable, Equatable {
        let user: UserID
        let name: String
        let directory: String
        let existing: ExistingFile
    }

    private struct Upload {
        let target: Target
        var bytes: [UInt8] = []
        var lastUse: Double
        /// Whether it is being stored.
        var isClosed = false
    }

    private struct State {
        var uploads: [String: Upload] = [:]
        /// The bytes in all uploads. Each user has room for one file before others get more.
        var room: FairBudget<UserID>
        var hasSweeper = false
    }

    private let clock: MonotonicClock
    private let maxBytes: Int
    private let state: Locked<State>

    init(clock: MonotonicClock = .system, maxBytes: Int = FileUploads.maxBytes) {
        self.clock = clock
        self.maxBytes = maxBytes
        state = Locked(State(room: FairBudget(limit: maxBytes, guaranteed: min(Self.maxFile, maxBytes / 8))))
    }

    /// Starts an upload.
    ///
    /// - Returns: its ID, which can't be guessed.
    /// - Throws: 503 if the user has too many.
    func begin(_ target: Target) throws(RPCError) -> String {
        let id = (0..<Self.idBytes).map { _ in
            let digits = String(UInt8.random(in: .min ... .max), radix: 16)
            return digits.count < 2 ? "0" + digits : digits
        }.joined()
        let (isAccepted, needsSweeper) = state.withLock { state in
            sweep(&state)
            guard state.uploads.values.count(where: { $0.target.user == target.user }) < Self.maxUploads else {
                return (false, false)
            }
            state.uploads[id] = Upload(target: target, lastUse: clock.now())
            defer { state.hasSweeper = true }
            return (true, !state.hasSweeper)
        }
        guard isAccepted else {
            throw RPCError(
                .busy,
                "\(Self.maxUploads) uploads of this user are unfinished. Finish or cancel one first; one that gets no "
                    + "chunk for \(Int(Self.idleSeconds)) seconds is dropped.")
        }
        if needsSweeper { startSweeping() }
        return id
    }

    /// Adds a chunk. One that was added already is accepted again, since its answer may have been lost.
    ///
    /// - Returns: the number of bytes so far.
    /// - Throws: 404 if the user has no such upload, 409 if the chunk isn't the next one, 413 if the file becomes too
    ///   large, 503 if there is no room.
    func append(_ chunk: [UInt8], at offset: Int, to id: String, of user: UserID) throws(RPCError) -> Int {
        try change(id, of: user) { (state, upload) throws(RPCError) in
            let count = upload.bytes.count
            guard offset == count else {
                guard offset < count, chunk.count <= count - offset,
                    upload.bytes[offset..<offset + chunk.count].elementsEqual(chunk)
                else { throw RPCError(.conflict, "The next chunk starts at offset \(count), not \(offset).") }
                return count
            }
            guard chunk.count <= Self.maxFile - count else {
                throw RPCError(.tooLarge, "At most \(Self.maxFile) bytes are accepted for a file.")
            }
            switch state.room.take(chunk.count, for: user) {
            case nil: break
            case .ownShare:
                throw RPCError(
                    .busy,
                    "Unfinished uploads of this user have all the room that one user gets, "
                        + "\(maxBytes / 2) bytes. Finish or cancel one, then send this chunk again.")
            case .full:
                let age = clock.now() - (state.uploads.values.map(\.lastUse).min() ?? clock.now())
                throw RPCError(
                    .busy,
                    "There is no room for more bytes of unfinished uploads. Send this chunk again in a few seconds; "
                        + "at the latest in \(max(1, Int((Self.idleSeconds - age).rounded(.up)))) seconds one is dropped."
                )
            }
            upload.bytes += chunk
            return count + chunk.count
        }
    }

    /// Checks a complete file. Until ``remove(_:of:)`` or ``reopen(_:of:)`` it accepts no more.
    ///
    /// - Parameters:
    ///   - size: the size that it should have; `nil` if unknown.
    ///   - digest: its SHA-256 in hexadecimal digits.
    /// - Throws: 422 if the bytes aren't the expected ones, which ends the upload.
    func complete(
        _ id: String, of user: UserID, size: Int?, digest: String
    ) throws(RPCError) -> (target: Target, bytes: [UInt8]) {
        let (target, bytes) = try change(id, of: user) { (_, upload) throws(RPCError) in
            upload.isClosed = true
            return (upload.target, upload.bytes)
        }
        let found = SHA256.hexDigest(of: bytes)
        guard size ?? bytes.count == bytes.count, found == digest.lowercased() else {
            _ = remove(id, of: user)
            throw RPCError(
                .mismatch,
                "\(bytes.count) bytes with the SHA-256 \(found) have arrived, not the expected ones. Start again.")
        }
        return (target, bytes)
    }

    /// Lets a file that could not be stored be completed again.
    func reopen(_ id: String, of user: UserID) {
        state.withLock { $0.uploads[id]?.isClosed = false }
    }

    /// Drops an upload.
    ///
    /// - Returns: whether the user had it.
    func remove(_ id: String, of user: UserID) -> Bool {
        state.withLock { state in
            guard state.uploads[id]?.target.user == user else { return false }
            Self.remove(id, from: &state)
            return true
        }
    }

    /// Drops all uploads of a user.
    func removeAll(of user: UserID) {
        state.withLock { state in
            for (id, upload) in state.uploads where upload.target.user == user { Self.remove(id, from: &state) }
        }
    }

    /// The number of unfinished uploads.
    var count: Int { state.withLock { $0.uploads.count } }

    private func change<Value>(
        _ id: String, of user: UserID, _ body: (inout State, inout Upload) throws(RPCError) -> Value
    ) throws(RPCError) -> Value {
        try state.withLock { (state) throws(RPCError) in
            sweep(&state)
            // Removed meanwhile, so that changing its bytes doesn't copy them.
            guard state.uploads[id]?.target.user == user, var upload = state.uploads.removeValue(forKey: id) else {
                throw RPCError(
                    .notFound,
                    "There is no such upload. One that gets no chunk for \(Int(Self.idleSeconds)) seconds is dropped.")
            }
            defer { state.uploads[id] = upload }
            guard !upload.isClosed else { throw RPCError(.conflict, "The upload is being finished.") }
            upload.lastUse = clock.now()
            return try body(&state, &upload)
        }
    }

    private static func remove(_ id: String, from state: inout State) {
        guard let upload = state.uploads.removeValue(forKey: id) else { return }
        state.room.release(upload.bytes.count, of: upload.target.user)
    }

    private func sweep(_ state: inout State) {
        let oldest = clock.now() - Self.idleSeconds
        for (id, upload) in state.uploads where upload.lastUse < oldest && !upload.isClosed {
            Self.remove(id, from: &state)
        }
    }

    /// Drops abandoned uploads regularly, also if no other upload starts.
    private func startSweeping() {
        Task { [weak self, clock] in
            while (try? await clock.sleep(Self.idleSeconds / 4)) != nil {
                guard let self, self.sweepAll() else { return }
            }
        }
    }

    /// - Returns: whether any uploads are left.
    private func sweepAll() -> Bool {
        state.withLock { state in
            sweep(&state)
            if state.uploads.isEmpty { state.hasSweeper = false }
            return !state.uploads.isEmpty
        }
    }
}

extension RPCError {
    /// An error of exec-mcp's own methods.
    init(_ code: SandboxMethod.ErrorCode, _ message: String) {
        self.init(code: code.rawValue, message: message)
    }

    /// The error for a failure in a sandbox.
    init(_ error: ExecError) {
        switch error.code {
        case .notFound: self.init(.notFound, error.message)
        case .conflict: self.init(.conflict, error.message)
        case .refused: self.init(.refused, error.message)
        case .busy: self.init(.busy, error.message)
        case .invalidArgument: self = .invalidParams(error.message)
        default: self = .internalError(error.message)
        }
    }
}
