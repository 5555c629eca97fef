import JSON
import MCP
import Threading

@testable import ExecAgent

/// The files of sandboxes, in memory.
final class FakeSandboxes: SandboxAccess {
    private let stored = Locked<[String: [UInt8]]>([:])
    private let failure: SandboxFilesError?

    init(failure: SandboxFilesError? = nil) {
        self.failure = failure
    }

    /// The contents by user and path: `ann/workspace/uploads/a.txt`.
    var files: [String: [UInt8]] { stored.withLock { $0 } }

    func remove(_ path: String) { stored.withLock { $0[path] = nil } }

    func limits() async -> SandboxFiles.Limits? { SandboxFiles.Limits(fileBytes: 1 << 20, chunkBytes: 1 << 20) }

    func write(
        _ bytes: [UInt8], as name: String, to directory: String?, existing: SandboxMethod.Existing, of user: String?
    ) async throws(SandboxFilesError) -> StoredFile {
        if let failure { throw failure }
        let path = stored.withLock { stored in
            var path = "/workspace/uploads/\(name)"
            var number = 2
            while stored["\(user ?? "")\(path)"] != nil {
                path = "/workspace/uploads/\(name) (\(number))"
                number += 1
            }
            stored["\(user ?? "")\(path)"] = bytes
            return path
        }
        guard
            let file = StoredFile(["path": .string(path), "name": .string(name), "size": .integer(bytes.count)])
        else { throw SandboxFilesError(.failed, "not written") }
        return file
    }

    func read(
        _ path: String, offset: Int, length: Int, of user: String?
    ) async throws(SandboxFilesError) -> FilePart {
        guard let bytes = files["\(user ?? "")\(path)"],
            let part = FilePart([
                "data": .string(Base64.encode(Array(bytes.prefix(length)))), "size": .integer(bytes.count),
                "version": "1",
            ])
        else { throw SandboxFilesError(.notFound, "no file \(path)") }
        return part
    }

    func list(_ path: String, of user: String?) async throws(SandboxFilesError) -> DirectoryListing {
        throw SandboxFilesError(.unsupported, "not here")
    }
    func delete(_ path: String, of user: String?) async throws(SandboxFilesError) {}
    func status(of user: String?) async throws(SandboxFilesError) -> SandboxStatus {
        throw SandboxFilesError(.unsupported, "not here")
    }
    func stop(of user: String?) async throws(SandboxFilesError) -> Bool { false }
    func sandboxes() async throws(SandboxFilesError) -> [UserSandbox] { [] }
}
