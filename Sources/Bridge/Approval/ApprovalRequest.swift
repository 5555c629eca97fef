import Hashing
import JSON

/// A call that waits for a person's approval outside of any client, or that has it.
public struct ApprovalRequest: Sendable, Equatable {
    /// What became of it.
    public enum State: String, Sendable {
        /// Nobody has decided yet.
        case pending
        /// The call may be made once, with the same arguments.
        case once
        /// The tool may be called until the session ends that asked.
        case session
        /// The call was denied.
        case denied
    }

    /// How many bytes of arguments are kept to be shown.
    static let shownBytes = 8192

    /// Its id, such as `k3v9-x2mq-7fhd`.
    public let id: String
    let identity: ToolIdentity
    /// Why the call needs approval, as a sentence.
    public let reason: String
    /// Whether the tool may be allowed for good.
    public let mayLast: Bool
    /// The arguments as JSON, byte for byte; the beginning of them if ``isCut``.
    public let arguments: String
    /// The size of all arguments in bytes.
    public let argumentBytes: Int
    let argumentDigest: String
    /// The SHA-256, in hexadecimal, of the text of the command that asked; empty for a background process.
    public let script: String
    /// When it was made, or decided about, in seconds since 1970.
    public private(set) var created: Double
    /// When it ends, in seconds since 1970.
    public internal(set) var expires: Double
    /// What became of it.
    public internal(set) var state = State.pending
    /// The session that asked last.
    var session: String

    /// The server's name.
    public var server: String { identity.server }
    /// The tool's own name, or a method of MCP.
    public var tool: String { identity.tool }
    /// The rule that asks.
    public var rule: String { identity.rule }
    /// Whether the arguments are longer than what is kept of them.
    public var isCut: Bool { arguments.utf8.count != argumentBytes }

    init(_ call: CallToApprove, session: String, now: Double, seconds: Double) {
        id = Self.makeID()
        identity = call.identity
        reason = call.reason
        mayLast = call.mayLast
        arguments = Self.beginning(of: call.argumentText)
        argumentBytes = call.argumentText.count
        argumentDigest = call.argumentDigest
        script = call.script
        created = now
        expires = now + seconds
        self.session = session
    }

    /// The same, decided about at a time.
    init(_ request: ApprovalRequest, decidedAt now: Double) {
        self = request
        created = now
    }

    /// Whether it is about this call, with exactly these arguments.
    func matches(_ call: CallToApprove) -> Bool {
        identity == call.identity && argumentDigest == call.argumentDigest
    }

    /// Whether it counts at a time. A clock that was set back doesn't prolong it.
    func isValid(at now: Double) -> Bool {
        now < expires && now > created - 60
    }

    // MARK: - The file

    /// Reads what ``json`` wrote; `nil` for anything else, also if the arguments to show aren't those that were bound.
    init?(_ value: JSON) {
        guard let id = value["id"]?.stringValue, let identity = ToolIdentity(value),
            let reason = value["reason"]?.stringValue, let mayLast = value["mayLast"]?.boolValue,
            let arguments = value["arguments"]?.stringValue, let bytes = value["argumentBytes"]?.integerValue,
            let digest = value["argumentDigest"]?.stringValue, let script = value["script"]?.stringValue,
            let created = value["created"]?.numberValue, let expires = value["expires"]?.numberValue,
            let state = value["state"]?.stringValue.flatMap(State.init), let session = value["session"]?.stringValue,
            expires - created <= ApprovalStore.longestSeconds
        else { return nil }
        self.id = id
        self.identity = identity
        self.reason = reason
        self.mayLast = mayLast
        self.arguments = arguments
        argumentBytes = bytes
        argumentDigest = digest
        self.script = script
        self.created = created
        self.expires = expires
        self.state = state
        self.session = session
        guard
            isCut
                ? bytes > Self.shownBytes && arguments.utf8.count <= Self.shownBytes
                : SHA256.hexDigest(of: arguments) == digest
        else { return nil }
    }

    /// The form in the file.
    var json: JSON {
        var members = identity.json
        members["id"] = .string(id)
        members["reason"] = .string(reason)
        members["mayLast"] = .bool(mayLast)
        members["arguments"] = .string(arguments)
        members["argumentBytes"] = .integer(argumentBytes)
        members["argumentDigest"] = .string(argumentDigest)
        members["script"] = .string(script)
        members["created"] = .double(created)
        members["expires"] = .double(expires)
        members["state"] = .string(state.rawValue)
        members["session"] = .string(session)
        return .object(members)
    }

    private static func beginning(of text: [UInt8]) -> String {
        guard text.count > shownBytes else { return String(decoding: text, as: UTF8.self) }
        var end = shownBytes
        // Not within a character.
        while end > 0, text[end] & 0xC0 == 0x80 { end -= 1 }
        return String(decoding: text[..<end], as: UTF8.self)
    }

    /// Letters and digits that nobody takes for another.
    private static let alphabet = Array("abcdefghjkmnpqrstuvwxyz23456789")

    private static func makeID() -> String {
        (0..<3).map { _ in String((0..<4).map { _ in alphabet.randomElement() ?? "a" }) }.joined(separator: "-")
    }
}

/// A tool that a person has allowed for good.
public struct StandingApproval: Sendable, Equatable {
    let identity: ToolIdentity
    /// When it was given, in seconds since 1970.
    public let created: Double

    /// The server's name.
    public var server: String { identity.server }
    /// The tool's own name, or a method of MCP.
    public var tool: String { identity.tool }

    init(_ identity: ToolIdentity, created: Double) {
        self.identity = identity
        self.created = created
    }

    init?(_ value: JSON) {
        guard let identity = ToolIdentity(value), let created = value["created"]?.numberValue else { return nil }
        self.init(identity, created: created)
    }

    var json: JSON {
        var members = identity.json
        members["created"] = .double(created)
        return .object(members)
    }
}

extension ToolIdentity {
    fileprivate init?(_ value: JSON) {
        guard let server = value["server"]?.stringValue, let serverDigest = value["serverDigest"]?.stringValue,
            let tool = value["tool"]?.stringValue, let toolDigest = value["toolDigest"]?.stringValue,
            let rule = value["rule"]?.stringValue
        else { return nil }
        self.init(server: server, serverDigest: serverDigest, tool: tool, toolDigest: toolDigest, rule: rule)
    }

    fileprivate var json: JSONObject {
        [
            "server": .string(server), "serverDigest": .string(serverDigest), "tool": .string(tool),
            "toolDigest": .string(toolDigest), "rule": .string(rule),
        ]
    }
}
