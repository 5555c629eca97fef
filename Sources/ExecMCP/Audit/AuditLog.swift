import CommandOptions
import Diagnostics
import ExecCore
import SystemCalls
import Threading

/// An append-only file with one line for each call.
///
/// Each line is one `write` in append mode, so that several servers can share a file. If a line can't be written, it is
/// lost; the program's log reports this once, and no call fails because of it.
final class AuditLog: Sendable {
    private struct State {
        /// Whether the file ends with an incomplete line.
        var isTorn: Bool
        var hasFailed = false
    }

    private let file: AppendedFile
    private let path: String
    private let logger: Logger
    private let state: Locked<State>
    private let openCalls = ConditionLocked(0)

    /// Opens the file, or creates one that only the current user may read.
    ///
    /// - Throws: ``UsageError`` if it isn't a writable regular file owned by the current user.
    init(path: String, logger: Logger) throws(UsageError) {
        self.path = path
        self.logger = logger
        do throws(AppendedFileError) {
            file = try AppendedFile(path: path)
        } catch {
            throw UsageError(
                message: """
                    --audit-log (MCP_EXECUTOR_AUDIT_LOG) cannot use '\(path.singleLine(limit: 200))': it \(error.problem)
                    """)
        }
        if file.isOpenToOthers {
            logger.warning("other users may read or write the audit log \(path): restrict it with chmod 600")
        }
        state = Locked(State(isTorn: file.endsWithinLine))
    }

    /// Counts a call that needs a line.
    func begin() {
        openCalls.change { $0 += 1 }
    }

    /// Writes the line of a call counted by ``begin()``.
    ///
    /// - Parameter line: the line without its line end.
    func end(_ line: [UInt8]) {
        append(line)
        openCalls.change { $0 -= 1 }
    }

    /// Waits until every call counted by ``begin()`` has its line. Blocks the calling thread.
    func waitForEnd() {
        openCalls.wait { $0 == 0 ? () : nil }
    }

    private func append(_ line: [UInt8]) {
        // The lock is held while writing: the next write needs to know whether this line is incomplete.
        let failure: SystemError? = state.withLock { state in
            let bytes = (state.isTorn ? [UInt8(ascii: "\n")] : []) + line + [UInt8(ascii: "\n")]
            let (count, error) = file.append(bytes)
            guard let error else {
                state.isTorn = false
                return nil
            }
            if count > 0 { state.isTorn = true }
            defer { state.hasFailed = true }
            return state.hasFailed ? nil : error
        }
        guard let failure else { return }
        logger.error(
            """
            cannot write to the audit log \(path): \(failure). Calls continue; those \
            that cannot be recorded are missing from it, and this is not reported again.
            """)
    }
}
