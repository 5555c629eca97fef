import JSON
import MCPClient
import MCPServers

/// Why a request of code in a sandbox failed. The code there gets an exception of this type.
struct BridgeError: Error, Sendable, Equatable {
    /// The types, by their names in the protocol.
    enum Kind: String, Sendable, CaseIterable {
        case tool = "ToolError"
        case toolNotFound = "ToolNotFound"
        case serverNotFound = "ServerNotFound"
        case input = "ToolInputError"
        case denied = "ToolDenied"
        case approvalRequired = "ApprovalRequired"
        case timeout = "ToolTimeout"
        case unavailable = "ServerUnavailable"
        case budget = "BudgetExceeded"
        case interrupted = "ToolInterrupted"
        case tooLarge = "ResultTooLarge"
        case malformed = "ProtocolError"
        case notRecorded = "NotRecorded"
    }

    /// The maximum length of a message in characters: a server's message can be of any length.
    private static let messageLength = 4000

    let kind: Kind
    let message: String
    var data: JSONObject
    /// Whether nobody knows what became of the call, because its server did not answer.
    private(set) var isUncertain = false

    init(_ kind: Kind, _ message: String, data: JSONObject = JSONObject()) {
        self.kind = kind
        self.message = message.count > Self.messageLength ? message.prefix(Self.messageLength) + "…" : message
        self.data = data
    }

    /// How much of a message that was cut surely has nothing that was cut in two, in characters; `nil` if it is whole.
    var lengthBeforeCut: Int? { message.count > Self.messageLength ? Self.messageLength - Self.maxValue : nil }
    /// Longest private value, in characters.
    private static let maxValue = 512

    /// Returns the error with other texts.
    func withTexts(_ message: String, _ data: JSONObject) -> BridgeError {
        var error = BridgeError(kind, message, data: data)
        error.isUncertain = isUncertain
        return error
    }

    /// The error's member of an answer.
    var json: JSON {
        var members: JSONObject = ["type": .string(kind.rawValue), "message": .string(message)]
        if !data.isEmpty { members["data"] = .object(data) }
        return .object(members)
    }
}

extension BridgeError {
    /// Said of a call whose outcome is unknown.
    static let mayHaveHappened = "What the call does may have happened."

    /// A failure of a request to a server.
    ///
    /// - Parameters:
    ///   - what: the tool or the resource, for the message.
    ///   - limit: the maximum size of a result in bytes.
    ///   - isRead: whether the request only reads, so that nothing may have happened.
    init(_ error: SupervisionError, of what: String, on server: String, limit: Int, isRead: Bool = false) {
        switch error {
        case .toStart(let reason): self.init(.unavailable, "The server \(server) cannot be started: \(reason)")
        case .late: self.init(.unavailable, Self.sentence("The server \(server) \(error.lateness)"))
        case .cancelled: self.init(.interrupted, "\(what) was not called: the command is over.")
        case .inUse(let error): self.init(error, of: what, on: server, limit: limit, isRead: isRead)
        }
    }

    private init(_ error: MCPClientError, of what: String, on server: String, limit: Int, isRead: Bool) {
        let remark = isRead ? "" : " " + Self.mayHaveHappened
        switch error {
        case .cannotStart: self.init(.unavailable, "The server \(server): \(error)")
        case .ended(let how): self.init(.unavailable, Self.sentence("The server \(server) has ended: \(how)") + remark)
        case .unavailable(let reason, let mayHaveHappened):
            self.init(.unavailable, Self.sentence("The server \(server): \(reason)") + (mayHaveHappened ? remark : ""))
        case .refused(let code, let message):
            // -32602: invalid parameters (JSON-RPC 2.0, 5.1).
            self.init(code == -32602 ? .input : .tool, message)
        case .timedOut(let seconds):
            self.init(.timeout, "\(what) did not finish within \(Self.text(seconds)) seconds.\(remark)")
        case .malformed(let fault) where fault.hasPrefix("a line of more than"):
            self.init(.tooLarge, Self.tooLarge(what, nil, limit: limit) + remark)
        case .malformed, .unsupported: self.init(.tool, Self.sentence("\(what): \(error)") + remark)
        case .tooManyRequests: self.init(.budget, Self.sentence("The server \(server): \(error)"))
        case .cancelled: self.init(.interrupted, "\(what) was cancelled before its result arrived.\(remark)")
        }
        isUncertain = !isRead && error.leavesOutcomeOpen
    }

    /// A result over the limit.
    ///
    /// - Parameter size: its size in bytes; `nil` if it was never read to its end.
    static func tooLarge(_ what: String, _ size: Int?, limit: Int) -> String {
        """
        The result of \(what) has \(size.map(String.init) ?? "more than \(limit)") bytes; at most \(limit) are passed \
        on. Ask for less: a page, a filter, fewer columns.
        """
    }

    /// Returns the text with a full stop, unless it ends like a sentence: what others wrote may.
    private static func sentence(_ text: String) -> String {
        [".", "!", "?", "…"].contains(text.last) ? text : text + "."
    }

    private static func text(_ seconds: Double) -> String {
        Int(exactly: seconds).map(String.init) ?? String(seconds)
    }
}

extension MCPClientError {
    /// Whether a request that fails so may have been carried out.
    fileprivate var leavesOutcomeOpen: Bool {
        switch self {
        case .ended, .timedOut, .cancelled, .malformed, .unsupported: true
        case .unavailable(_, let mayHaveHappened): mayHaveHappened
        case .cannotStart, .refused, .tooManyRequests: false
        }
    }
}
