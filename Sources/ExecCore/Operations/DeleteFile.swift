import JSON

/// Deletes a file.
struct DeleteFile: GuestParameters {
    static let operation = GuestOperation.deleteFile

    /// The members of the guest's result.
    enum ResultName: String, CaseIterable {
        case path
    }

    let path: String
    let timeout: Double

    var json: JSON { ["path": .string(path), "timeout": .double(timeout)] }
}

extension Sandbox {
    /// Deletes a file in `/artifacts` or `/workspace/uploads`, or a link itself.
    ///
    /// - Parameter path: an absolute path or a `file:` URI.
    /// - Returns: the path of what was deleted.
    /// - Throws: ``ExecError``.
    public func delete(_ path: String) async throws -> String {
        let parameters = DeleteFile(path: path, timeout: Self.fileTimeout)
        let reply = try await callGuest(parameters, replyLimit: 0, lane: .artifacts)
        return try FilePath.text(reply.result[DeleteFile.ResultName.path])
    }
}
