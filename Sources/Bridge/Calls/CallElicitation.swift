import Diagnostics
import ExecCore
import JSON
import MCPClient
import Threading

/// Relays the questions that a server asks, while it works on a call, to the person behind the command that made the
/// call. All of them are untrusted: the person sees which server asks, and nothing that would hide or change that.
final class CallElicitation: ElicitationHandler {
    /// How many questions a server may ask during one call, and how many servers may ask during one command.
    static let (maxQuestions, maxQuestionsPerCommand) = (16, 64)
    /// How long a person may take for an answer, in seconds.
    static let answerSeconds = 600.0
    /// How many lines of a server's text are shown.
    private static let maxLines = 200

    let modes: Set<Elicitation.Mode>
    let tool: String
    /// The calls of the command.
    let calls: CommandCalls
    /// Completed when the call has ended.
    let hasEnded = AsyncEvent()
    private let server: String
    private let privateData: ServerDataFilter
    private let count = Locked(0)

    /// - Parameter calls: the calls of the command. Without a way to ask its user, no mode is declared.
    init(of tool: String, on server: String, _ calls: CommandCalls, privateData: ServerDataFilter) {
        self.tool = tool
        self.server = server
        self.calls = calls
        self.privateData = privateData
        modes = calls.interaction == nil ? [] : [.form, .url]
    }

    func answer(_ elicitation: Elicitation) async -> ElicitationAnswer {
        await answer(elicitation, about: tool)
    }

    /// - Parameter tools: the tools that the server may be asking for.
    func answer(_ elicitation: Elicitation, about tools: String) async -> ElicitationAnswer {
        guard calls.interaction != nil, Self.admit(count, Self.maxQuestions),
            Self.admit(calls.relayedQuestions, Self.maxQuestionsPerCommand),
            let question = question(elicitation, tools)
        else { return .cancel }
        let answer = await calls.questions.relay(question, within: Self.answerSeconds)
        return switch answer {
        case .accept(let content): .accept(elicitation.isForm ? privateData.restored(content) : nil)
        case .decline: .decline
        case .cancel, .unavailable, .failed: .cancel
        }
    }

    private static func admit(_ count: Locked<Int>, _ limit: Int) -> Bool {
        count.withLock { count in
            guard count < limit else { return false }
            count += 1
            return true
        }
    }

    /// Returns a text with what can't be seen in it written as escapes, as in questions about calls. Its lines don't
    /// push out of view who asks.
    private static func shown(_ text: String) -> String {
        var lines: [String] = []
        for line in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
            guard lines.count < maxLines else {
                lines.append("…")
                break
            }
            let shown = String(line.replacing("\t", with: "    ")).visible
            let isEmpty = shown.allSatisfy { $0 == " " }
            // Of empty lines in a row, one is kept.
            if !isEmpty || lines.last?.isEmpty == false { lines.append(isEmpty ? "" : shown) }
        }
        return lines.joined(separator: "\n")
    }

    private static func name(_ text: String, _ limit: Int) -> String {
        // Before it is made longer by escapes.
        String(text.unicodeScalars.prefix(limit + 1)).visible.singleLine(limit: limit)
    }

    /// - Returns: `nil` for a question that isn't relayed: a visit to something other than a web page.
    private func question(_ elicitation: Elicitation, _ tools: String) -> UserQuestion? {
        let message = Self.shown(privateData.asked(.string(elicitation.message)).stringValue ?? elicitation.message)
        let request: UserQuestion.Request
        var purpose = ""
        switch elicitation.request {
        case .form(let schema): request = .form(schema: privateData.asked(.object(schema)).objectValue ?? schema)
        case .url(let url, let id):
            // Clients offer to open it, and not all of them look at it first.
            guard let address = WebAddress(url) else { return nil }
            request = .url(known(url), id: shownID(id ?? UInt64.random(in: 0 ... .max).description))
            purpose = ", to visit a page of \(address.host)"
        }
        let (server, tools) = (Self.name(server, 100), Self.name(tools, 200))
        return UserQuestion(
            message: "The MCP server \(server) asks, for the call of \(tools)\(purpose):\n\n\(message)",
            request: request,
            details: ["kind": "elicitation", "server": .string(server), "tool": .string(tools)])
    }

    /// The id that the client gets for one of the server: servers of different names may use the same.
    func shownID(_ id: String) -> String { "\(server)/\(id)" }

    /// Returns a URL as it is, with its values remembered: one that holds any is shown to nobody.
    private func known(_ url: String) -> String {
        _ = privateData.asked(.string(url))
        return url
    }
}

extension Elicitation {
    fileprivate var isForm: Bool {
        if case .form = request { true } else { false }
    }
}

/// Declares no mode: for requests that don't belong to a call.
struct NoElicitation: ElicitationHandler {
    let modes: Set<Elicitation.Mode> = []

    func answer(_ elicitation: Elicitation) async -> ElicitationAnswer { .cancel }
}
