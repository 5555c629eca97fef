public import JSON
import JSONRPC

/// The ways in which a client lets servers ask its user (client/elicitation, since 2025-06-18).
public struct ElicitationModes: OptionSet, Sendable {
    /// The bits of the modes.
    public let rawValue: Int

    /// The modes with these bits.
    public init(rawValue: Int) {
        self.rawValue = rawValue
    }

    /// The user fills in a form.
    public static let form = ElicitationModes(rawValue: 1)
    /// The user visits a URL. Since 2025-11-25.
    public static let url = ElicitationModes(rawValue: 2)

    /// Reads the modes from a client's capabilities; empty if it declares none, or if `revision` has none. A
    /// declaration without modes stands for forms (2025-11-25, client/elicitation).
    public init(capabilities: JSONObject, revision: Revision) {
        guard revision.hasElicitation, let declared = try? capabilities.object("elicitation") else {
            self = []
            return
        }
        var modes: ElicitationModes = []
        if revision.hasURLElicitation {
            if declared.given("form") != nil { modes.insert(.form) }
            if declared.given("url") != nil { modes.insert(.url) }
        }
        self = modes.isEmpty ? .form : modes
    }
}
