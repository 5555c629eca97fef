import Diagnostics
import JSON
import SystemCalls
import Threading

/// A sandbox that cannot work under its account, because one of its directories is ``Account/common``'s alone.
struct AccountError: Error {
    /// The directory.
    let place: String
}

/// The accounts of sandboxes. It remembers for which users only ``Account/common`` will do.
final class Accounts: Sendable {
    private let onCommon = Locked<Set<UserID>>([])

    /// The account to start a sandbox under: that of the owner of a directory that the workspace is, so that files in it
    /// stay theirs, but never root's; else the user's own.
    func account(of user: UserID, in configuration: SandboxConfiguration) -> Account {
        if case .directory(let path, _) = configuration.workspace, let owner = Files.owner(of: path), owner.user != 0 {
            return Account(user: owner.user, group: owner.group)
        }
        return onCommon.withLock { $0.contains(user) } ? .common : Account(of: user)
    }

    /// Starts a sandbox, and once more under ``Account/common`` if its directories turn out to be that one's alone, as
    /// they are in an image that knows no other number.
    ///
    /// - Parameter body: starts the container that it is given.
    /// - Throws: what `body` throws.
    func start(
        _ spec: SandboxSpec, logger: Logger, _ body: (SandboxSpec) async throws -> Sandbox
    ) async throws -> Sandbox {
        let unfit: AccountError
        do {
            return try await body(spec)
        } catch let error as AccountError {
            unfit = error
        }
        if onCommon.withLock({ $0.insert(spec.user).inserted }) {
            logger.warning(
                """
                \(unfit.place.singleLine(limit: 100)) of \(spec.configuration.image) belongs to uid \
                \(Account.common.user) and nobody else may write to it: the sandbox of \(spec.user) runs under that \
                number. It shares the kernel's limits per user (inotify, epoll, pending signals) with everything else \
                under it, a person of this machine perhaps. Let everybody write to the directory to have a number for \
                each user, and remove the user's volumes.
                """)
        }
        return try await body(
            SandboxSpec(
                name: SandboxSpec.newName(for: spec.user), user: spec.user, owner: spec.owner,
                account: .common, configuration: spec.configuration, limits: spec.limits))
    }

    /// Looks at what a guest said of the places that it cannot write to.
    ///
    /// - Throws: ``AccountError`` where another account could.
    static func check(_ greeting: JSON, of spec: SandboxSpec) throws(AccountError) {
        guard spec.account == Account(of: spec.user), let owners = greeting[HandshakeName.owners]?.objectValue,
            let place = owners.keys.first(where: { owners[$0]?.integerValue == Int(Account.common.user) })
        else { return }
        throw AccountError(place: place)
    }
}
