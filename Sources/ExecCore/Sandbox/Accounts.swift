import Diagnostics
import JSON
import SystemCalls
import Threading

/// The sandbox cannot work under its account, because one of its directories is writable only for ``Account/common``.
struct AccountError: Error {
    /// The path of the directory.
    let place: String
}

/// Assigns accounts to sandboxes. Remembers which users need ``Account/common``.
final class Accounts: Sendable {
    private let onCommon = Locked<Set<UserID>>([])

    /// The account to start a sandbox under. If the workspace is a host directory, that is the directory's owner, so
    /// that files in it stay theirs, but never root. Otherwise it is the user's own account.
    func account(of user: UserID, in configuration: SandboxConfiguration) -> Account {
        if case .directory(let path, _) = configuration.workspace, let owner = Files.owner(of: path), owner.user != 0 {
            return Account(user: owner.user, group: owner.group)
        }
        return onCommon.withLock { $0.contains(user) } ? .common : Account(of: user)
    }

    /// Starts a sandbox. If its directories turn out to be writable only for ``Account/common``, as in an image that
    /// knows no other user id, starts it once more under that account.
    ///
    /// - Parameter body: starts the container described by its argument.
    /// - Throws: what `body` throws.
    func start(
        _ spec: SandboxSpec, logger: Logger, _ body: (SandboxSpec) async throws -> Sandbox
    ) async throws -> Sandbox {
        let invalid: AccountError
        do {
            return try await body(spec)
        } catch let error as AccountError {
            invalid = error
        }
        if onCommon.withLock({ $0.insert(spec.user).inserted }) {
            logger.warning(
                """
                \(invalid.place.singleLine(limit: 100)) of \(spec.configuration.image) belongs to uid \
                \(Account.common.user) and nobody else may write to it, so the sandbox of \(spec.user) runs under that \
                uid. It shares the kernel's limits per user (inotify, epoll, pending signals) with everything else \
                under it, perhaps a person of this machine. To give each user a separate uid, make the directory \
                writable for everybody and remove the user's volumes.
                """)
        }
        return try await body(spec.again(under: .common))
    }

    /// Checks the directories that the guest reported as not writable.
    ///
    /// - Throws: ``AccountError`` if another account could write to one of them.
    static func check(_ handshake: JSON, of spec: SandboxSpec) throws(AccountError) {
        guard spec.account == Account(of: spec.user), let owners = handshake[HandshakeName.owners]?.objectValue,
            let place = owners.keys.first(where: { owners[$0]?.integerValue == Int(Account.common.user) })
        else { return }
        throw AccountError(place: place)
    }
}
