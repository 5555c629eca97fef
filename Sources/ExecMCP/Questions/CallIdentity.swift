import ExecCore
import Hashing
import JSON

/// What a repeated request must have in common with the first one: user, tool and arguments.
struct CallIdentity: Sendable, Equatable {
    private let digest: String

    init(user: UserID, tool: String, arguments: JSONObject) {
        let call: JSON = [.string(user.name), .string(tool), .object(arguments.canonical)]
        digest = SHA256.hexDigest(of: call.serialized())
    }
}
