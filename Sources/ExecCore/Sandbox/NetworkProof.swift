import Diagnostics
import JSON

/// Judges what a guest has found when it tried to get out of a sandbox that should have no network.
enum NetworkProof {
    private static let maxListed = 3

    /// The error for a sandbox that has a way out, or doesn't say; `nil` if every way that was tried is closed.
    static func error(in handshake: JSON) -> ExecError? {
        guard let ways = handshake[HandshakeName.network]?.arrayValue else {
            return ExecError(.engineFailed, "The sandbox did not say whether it has a network, so nothing runs in it.")
        }
        guard !ways.isEmpty else { return nil }
        let listed = ways.prefix(maxListed).map { ($0.stringValue ?? "?").singleLine(limit: 80) }
        return ExecError(
            .engineFailed,
            """
            The sandbox has a way out, although none was asked for, so nothing runs in it. It reaches \
            \(listed.joined(separator: ", ")). On a cluster, the namespace needs a policy that denies everything \
            (exec-mcp kubernetes manifest has one), and the cluster a network plugin that enforces policies. If the code may \
            have a network, ask for it with --network bridge.
            """)
    }
}
