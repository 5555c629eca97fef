import ExecCore
import Hashing
import JSONRPC
import MCP
import Testing
import Threading

@testable import ExecMCP

@Suite(.timeLimit(.minutes(3))) struct FileUploadsTests {
    private let time = Locked(0.0)
    private let uploads: FileUploads
    private let ann: UserID
    private let bob: UserID

    init() throws {
        ann = try #require(UserID("ann"))
        bob = try #require(UserID("bob"))
        uploads = FileUploads(
            clock: MonotonicClock(
                now: { [time] in time.withLock { $0 } }, sleep: { _ in try await Task.sleep(for: .seconds(3600)) }))
    }

    private func begin(_ user: UserID) throws -> String {
        try uploads.begin(FileUploads.Target(user: user, name: "a", directory: "/workspace", existing: .rename))
    }

    private func code(_ body: () throws -> Void) -> Int? {
        do {
            try body()
            return nil
        } catch {
            return (error as? RPCError)?.code
        }
    }

    @Test func chunksBecomeAFile() throws {
        let id = try begin(ann)
        #expect(try uploads.append([1, 2], at: 0, to: id, of: ann) == 2)
        #expect(try uploads.append([3], at: 2, to: id, of: ann) == 3)
        let digest = SHA256.hexDigest(of: [1, 2, 3])
        let (target, bytes) = try uploads.complete(id, of: ann, size: 3, digest: digest.uppercased())
        #expect(bytes == [1, 2, 3])
        #expect(target.name == "a")
        #expect(code { _ = try uploads.append([4], at: 3, to: id, of: ann) } == 409)
        uploads.reopen(id, of: ann)
        #expect(try uploads.complete(id, of: ann, size: nil, digest: digest).bytes == [1, 2, 3])
        #expect(uploads.remove(id, of: ann))
        #expect(uploads.count == 0)
    }

    @Test func aChunkThatCameBeforeIsAcceptedAgainAndNoOther() throws {
        let id = try begin(ann)
        _ = try uploads.append([1, 2, 3], at: 0, to: id, of: ann)
        #expect(try uploads.append([2, 3], at: 1, to: id, of: ann) == 3)
        #expect(code { _ = try uploads.append([9], at: 1, to: id, of: ann) } == 409)
        #expect(code { _ = try uploads.append([2, 3, 4], at: 1, to: id, of: ann) } == 409)
        #expect(code { _ = try uploads.append([4], at: 4, to: id, of: ann) } == 409)
        #expect(code { _ = try uploads.append([4], at: .max, to: id, of: ann) } == 409)
        #expect(try uploads.append([], at: 3, to: id, of: ann) == 3)
    }

    @Test func anUploadBelongsToItsUser() throws {
        let id = try begin(ann)
        #expect(code { _ = try uploads.append([1], at: 0, to: id, of: bob) } == 404)
        #expect(!uploads.remove(id, of: bob))
        _ = try begin(bob)
        uploads.removeAll(of: ann)
        #expect(uploads.count == 1)
    }

    @Test(arguments: [(4, ""), (3, "f"), (nil, "f")] as [(Int?, String)])
    func otherBytesThanExpectedEndIt(size: Int?, prefix: String) throws {
        let id = try begin(ann)
        _ = try uploads.append([1, 2, 3], at: 0, to: id, of: ann)
        let digest = prefix + SHA256.hexDigest(of: [1, 2, 3]).dropFirst(prefix.count)
        #expect(code { _ = try uploads.complete(id, of: ann, size: size, digest: String(digest)) } == 422)
        #expect(uploads.count == 0)
    }

    @Test func sizesAndNumbersAreBounded() throws {
        let id = try begin(ann)
        let half = [UInt8](repeating: 0, count: FileUploads.maxFile / 2)
        _ = try uploads.append(half, at: 0, to: id, of: ann)
        _ = try uploads.append(half, at: half.count, to: id, of: ann)
        #expect(code { _ = try uploads.append([0], at: FileUploads.maxFile, to: id, of: ann) } == 413)
        for _ in 1..<FileUploads.maxUploads { _ = try begin(ann) }
        #expect(code { _ = try begin(ann) } == 503)
        _ = try begin(bob)
    }

    @Test func oneUserLeavesRoomForOthers() throws {
        let uploads = FileUploads(clock: MonotonicClock(now: { 0 }, sleep: { _ in }), maxBytes: 800)
        /// Adds 100 bytes to as many uploads of a user as there is room for.
        func fill(_ name: String) throws -> Int {
            let user = try #require(UserID(name))
            for count in 0..<FileUploads.maxUploads {
                let id = try uploads.begin(.init(user: user, name: "a", directory: "/workspace", existing: .rename))
                let file = [UInt8](repeating: 0, count: 100)
                guard code({ _ = try uploads.append(file, at: 0, to: id, of: user) }) == nil else { return count }
            }
            return FileUploads.maxUploads
        }
        #expect(try fill("ann") == 4)
        #expect(try fill("bob") == 2)
        #expect(try fill("eve") == 1)
        #expect(try fill("joe") == 1)
        let late = try #require(UserID("late"))
        let id = try uploads.begin(.init(user: late, name: "a", directory: "/workspace", existing: .rename))
        let refusal = #expect(throws: RPCError.self) { try uploads.append([1], at: 0, to: id, of: late) }
        #expect(refusal?.code == 503)
        #expect(refusal?.message.contains("at the latest in 600 seconds") == true)
        uploads.removeAll(of: ann)
        #expect(try uploads.append([1], at: 0, to: id, of: late) == 1)
    }

    @Test func whatNobodyContinuesIsDropped() throws {
        let old = try begin(ann)
        _ = try uploads.append([1], at: 0, to: old, of: ann)
        time.withLock { $0 = FileUploads.idleSeconds }
        let new = try begin(ann)
        _ = try uploads.append([1], at: 0, to: old, of: ann)
        time.withLock { $0 = FileUploads.idleSeconds * 2 - 1 }
        _ = try uploads.append([2], at: 1, to: old, of: ann)
        time.withLock { $0 = FileUploads.idleSeconds * 2 + 1 }
        #expect(code { _ = try uploads.append([1], at: 0, to: new, of: ann) } == 404)
        #expect(try uploads.append([3], at: 2, to: old, of: ann) == 3)
    }
}
