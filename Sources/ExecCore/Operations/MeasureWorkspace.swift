import JSON

/// Counts what the workspace holds.
struct MeasureWorkspace: GuestParameters {
    static let operation = GuestOperation.measureWorkspace

    /// The members of the guest's result.
    enum ResultName: String, CaseIterable {
        case used
    }

    let timeout: Double

    var json: JSON { ["timeout": .double(timeout)] }
}

extension Sandbox {
    /// Counts the bytes in `/workspace` and `/artifacts`, as the workspace limit does; `nil` if that takes too long.
    ///
    /// - Throws: ``ExecError``.
    func workspaceUse() async throws -> Int? {
        let reply = try await callGuest(
            MeasureWorkspace(timeout: Self.fileTimeout), replyLimit: 0, lane: .artifacts)
        return reply.result[MeasureWorkspace.ResultName.used]?.countValue
    }
}
