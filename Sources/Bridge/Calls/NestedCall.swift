import Diagnostics
import Hashing
public import JSON
import PrivateData
import SystemCalls

/// A tool call that code in a sandbox made, for logs.
public struct NestedCall: Sendable, Equatable {
    /// How a call ended.
    public enum Outcome: String, Sendable {
        /// The tool's result was passed on.
        case ok
        /// The tool reported a failure, or the server did.
        case error
        /// A rule refused it, or it was over a limit.
        case denied
        case cancelled
        case timedOut = "timed_out"
    }

    /// When it began, in seconds since 1970.
    public let time: Double
    /// The name of the sandbox that it came from.
    public let sandbox: String
    /// The number of the command that made it; `nil` for a background process.
    public let command: UInt32?
    /// The server's name.
    public let server: String
    /// The tool's own name.
    public let tool: String
    /// The arguments, without values that don't enter the sandbox.
    public internal(set) var arguments: JSONObject
    /// Size of the request in bytes.
    public let argumentBytes: Int
    /// Size of the result in bytes; 0 without a result.
    public internal(set) var resultBytes = 0
    /// How long it took, in seconds.
    public internal(set) var seconds = 0.0
    /// How it ended.
    public internal(set) var outcome = Outcome.ok
    /// The rule that let it run or refused it; empty if none was reached.
    public internal(set) var rule = ""
    /// The error message; `nil` if the call succeeded.
    public internal(set) var error: String?

    /// SHA-256 of the arguments as JSON, in hexadecimal digits.
    public var argumentDigest: String { SHA256.hexDigest(of: JSON.object(arguments).serialized()) }
}

extension NestedCall {
    /// The time, in seconds since 1970.
    static var now: Double {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    /// Records that the call ended with `error`.
    mutating func fail(_ error: BridgeError) {
        self.error = error.message
        outcome =
            switch error.kind {
            case .denied, .approvalRequired, .budget: .denied
            case .interrupted: .cancelled
            case .timeout: .timedOut
            default: .error
            }
    }

    private static let shownArguments = 4
    private static let valueLength = 40

    /// The call with the beginnings of its arguments, such as `shop.refund(order="A1", …)`.
    ///
    /// - Parameter vault: the user's private values, none of which is cut in two; `nil` if none are replaced.
    func summary(_ vault: PrivateDataVault?) -> String {
        func beginning(_ text: String, _ more: String) -> String {
            // Before anything else, which could hide where a value begins.
            let beginning = vault.beginning(of: text, Self.valueLength)
            return (beginning ?? text).singleLine + (beginning == nil ? "" : more)
        }
        var parts = arguments.prefix(Self.shownArguments).map { argument in
            "\(beginning(argument.key, ""))=\(beginning(argument.value.text, "…"))"
        }
        if arguments.count > Self.shownArguments { parts.append("…") }
        return "\(server).\(tool)(\(parts.joined(separator: ", ")))"
    }
}

extension String {
    fileprivate var singleLine: String { singleLine(limit: 200) }
}
