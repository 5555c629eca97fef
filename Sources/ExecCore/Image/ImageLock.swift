import Diagnostics
import Hashing
import SystemCalls
import Threading

/// Lets one process of this account at a time get an image from an engine, and tells the next one why that failed.
///
/// The system ends the lock with the process that holds it, however that ends.
public struct ImageLock: Sendable {
    /// How long another process doesn't try again after a failure, in seconds.
    static let failureSeconds = 600
    private static let failureLimit = 8192

    /// `nil` if the directory isn't available: then nothing is locked.
    private let directory: LingerDirectory?
    private let name: String

    /// Creates the lock of an image.
    ///
    /// - Parameters:
    ///   - image: the image's name.
    ///   - engine: the path of the engine's program.
    public init(image: String, engine: String) {
        self.init(image: image, engine: engine, in: .make())
    }

    init(image: String, engine: String, in directory: LingerDirectory?) {
        self.directory = directory
        name = "image-\(SHA256.hexDigest(of: Array("\(engine)\n\(image)".utf8)).prefix(24))"
    }

    /// Runs `body` while no other process, and no other task of this one, does so for the same image.
    ///
    /// - Parameter onWait: called once if another one does.
    /// - Throws: `CancellationError` if the task is cancelled before it is its turn, and what `body` throws.
    public func locked<Value: Sendable>(onWait: () -> Void, _ body: () async throws -> Value) async throws -> Value {
        guard let descriptor = try await acquire(onWait) else { return try await body() }
        defer {
            // Removed while it is locked: a process that opens it afterwards creates a new file.
            directory?.remove("\(name).lock")
            close(descriptor)
        }
        return try await body()
    }

    /// Why a process failed in the last ``failureSeconds``; `nil` if that didn't happen.
    public var recentFailure: String? {
        guard let directory, case let file = "\(name).failure",
            let bytes = Files.read(directory.file(file), limit: Self.failureLimit),
            (0..<Self.failureSeconds).contains(directory.age(of: file))
        else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Keeps the reason of a failure for others, or removes the last one's.
    public func record(failure: String?) {
        guard let directory else { return }
        directory.remove("\(name).failure")
        guard let failure else { return }
        let descriptor = open(
            directory.file("\(name).failure"), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { return }
        Descriptors.write(Array(failure.shortened(toBytes: Self.failureLimit).utf8), to: descriptor, stallTimeout: 1000)
        close(descriptor)
    }

    /// - Returns: the locked file; `nil` if it can't be created: then nothing is locked.
    private func acquire(_ onWait: () -> Void) async throws -> Int32? {
        guard let path = directory?.file("\(name).lock") else { return nil }
        var hasWaited = false
        while true {
            let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
            guard descriptor >= 0 else { return nil }
            if flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
                if !hasWaited { onWait() }
                hasWaited = true
                try await Self.wait(for: descriptor)
            }
            if Self.isCurrent(descriptor, at: path) { return descriptor }
            // Its last owner has removed it.
            close(descriptor)
        }
    }

    /// Whether a path is still that of an open file.
    private static func isCurrent(_ descriptor: Int32, at path: String) -> Bool {
        var (opened, named) = (stat(), stat())
        return fstat(descriptor, &opened) == 0 && lstat(path, &named) == 0 && opened.st_ino == named.st_ino
            && opened.st_dev == named.st_dev
    }

    private enum Turn {
        case awaited, come, givenUp
    }

    /// Waits for a lock on a thread of its own, and closes the file if the task is cancelled before.
    private static func wait(for descriptor: Int32) async throws {
        let turn = Locked(Turn.awaited)
        let hasCome = AsyncEvent()
        do {
            try BackgroundThread.start("image-lock") {
                _ = retryingInterrupts { flock(descriptor, LOCK_EX) }
                let isGivenUp = turn.withLock { turn in
                    defer { if turn == .awaited { turn = .come } }
                    return turn == .givenUp
                }
                if isGivenUp { close(descriptor) }
                hasCome.complete()
            }
        } catch {
            close(descriptor)
            throw error
        }
        do {
            try await hasCome.waitUnlessCancelled()
        } catch {
            let isOurs = turn.withLock { turn in
                defer { turn = .givenUp }
                return turn == .come
            }
            if isOurs { close(descriptor) }
            throw error
        }
    }
}
