import MCP

/// The files of users' sandboxes, and the sandboxes themselves. ``SandboxFiles`` describes the functions.
protocol SandboxAccess: Sendable {
    /// The limits for files; `nil` if no server offers the methods for files.
    func limits() async -> SandboxFiles.Limits?

    func write(
        _ bytes: [UInt8], as name: String, to directory: String?, existing: SandboxMethod.Existing, of user: String?
    ) async throws(SandboxFilesError) -> StoredFile
    func read(_ path: String, offset: Int, length: Int, of user: String?) async throws(SandboxFilesError) -> FilePart
    func list(_ path: String, of user: String?) async throws(SandboxFilesError) -> DirectoryListing
    func delete(_ path: String, of user: String?) async throws(SandboxFilesError)

    func status(of user: String?) async throws(SandboxFilesError) -> SandboxStatus
    func stop(of user: String?) async throws(SandboxFilesError) -> Bool
    func sandboxes() async throws(SandboxFilesError) -> [UserSandbox]
}

extension SandboxFiles: SandboxAccess {}

/// For tool servers without methods for files and sandboxes.
struct NoSandboxAccess: SandboxAccess {
    private static let absence = SandboxFilesError(.unsupported, "No tool server offers this.")

    func limits() async -> SandboxFiles.Limits? { nil }
    func write(
        _ bytes: [UInt8], as name: String, to directory: String?, existing: SandboxMethod.Existing, of user: String?
    ) async throws(SandboxFilesError) -> StoredFile { throw Self.absence }
    func read(
        _ path: String, offset: Int, length: Int, of user: String?
    ) async throws(SandboxFilesError) -> FilePart { throw Self.absence }
    func list(_ path: String, of user: String?) async throws(SandboxFilesError) -> DirectoryListing {
        throw Self.absence
    }
    func delete(_ path: String, of user: String?) async throws(SandboxFilesError) { throw Self.absence }
    func status(of user: String?) async throws(SandboxFilesError) -> SandboxStatus { throw Self.absence }
    func stop(of user: String?) async throws(SandboxFilesError) -> Bool { throw Self.absence }
    func sandboxes() async throws(SandboxFilesError) -> [UserSandbox] { throw Self.absence }
}
