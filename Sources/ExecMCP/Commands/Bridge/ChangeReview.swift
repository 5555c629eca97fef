import Bridge
import Diagnostics
import ExecCore
import SystemCalls
import Threading

/// `exec-mcp bridge accept`: shows what has changed in the tools of servers since they were pinned, and accepts it if a
/// person says so.
struct ChangeReview: Sendable {
    let bridge: Bridge
    let user: UserID
    /// The only server to look at; `nil` for all.
    let server: String?
    /// The only tools of that server; empty for all.
    let tools: [String]
    /// Whether the answer to every question is yes.
    let isConfirmed: Bool

    /// Does it.
    ///
    /// - Returns: the exit status.
    func run() async -> Int32 {
        let reviews = await bridge.reviewPins(of: server, for: user)
        if let server, reviews.isEmpty {
            report(
                "there is no server \(server.quoted); the servers are: \(bridge.serverNames.joined(separator: ", "))")
            return 1
        }
        var isDone = true
        for review in reviews {
            guard await accepted(review) else {
                isDone = false
                continue
            }
        }
        return isDone ? 0 : 1
    }

    /// Shows a server's changes, and accepts them if that is confirmed.
    ///
    /// - Returns: whether nothing is left to be accepted.
    private func accepted(_ review: PinReview) async -> Bool {
        let name = review.server.singleLine(limit: 64)
        if let failure = review.failure {
            report("\(name): \(failure)")
            return false
        }
        let wanted = tools.isEmpty ? review.changes : review.changes.filter { tools.contains($0.tool) }
        let known = Set(wanted.map(\.tool))
        for tool in tools where !known.contains(tool) {
            print("\(name): \(tool.singleLine(limit: 200)) has not changed")
        }
        guard !wanted.isEmpty else {
            if tools.isEmpty {
                let first =
                    review.isFirst ? "seen for the first time, and accepted as they are" : "as they were accepted"
                print("\(name): \(Self.count(review.tools, "tool")), \(first)")
            }
            return true
        }
        for change in wanted { print(change.difference) }
        let question = "Accept \(Self.text(of: wanted)) of \(name)?"
        guard await isConfirmed(question) else { return false }
        guard bridge.accept(wanted, of: review.server, for: user) else {
            report("\(name): nothing is accepted, because it cannot be stored")
            return false
        }
        print("\(name): accepted \(Self.text(of: wanted))")
        return true
    }

    private func isConfirmed(_ question: String) async -> Bool {
        if isConfirmed { return true }
        guard Descriptors.isTerminal(STDIN_FILENO) else {
            report("nothing is accepted: answer on a terminal, or give --yes. The question is: \(question)")
            return false
        }
        Logger.writeToStandardError("\(question) [y/N] ")
        return ["y", "yes"].contains(await Self.answer().lowercased())
    }

    /// Returns the next line of the terminal; empty if there is none, or if the command is interrupted.
    private static func answer() async -> String {
        let (line, hasAnswered) = (Locked(""), AsyncEvent())
        do {
            try BackgroundThread.start("terminal") {
                let text = readLine() ?? ""
                line.withLock { $0 = text }
                hasAnswered.complete()
            }
            try await hasAnswered.waitUnlessCancelled()
        } catch {
            return ""
        }
        return line.withLock { $0 }
    }

    private static func text(of changes: [PinReview.Change]) -> String {
        let new = changes.count { $0.isNew }
        let parts = [(changes.count - new, "changed tool"), (new, "new tool")].filter { $0.0 > 0 }
        return parts.map { count($0.0, $0.1) }.joined(separator: " and ")
    }

    private static func count(_ number: Int, _ what: String) -> String {
        "\(number) \(what)\(number == 1 ? "" : "s")"
    }

    private func report(_ message: String) {
        Logger.writeToStandardError("exec-mcp: \(message.singleLine(limit: 10_000))\n")
    }
}

extension String {
    fileprivate var quoted: String { "'\(singleLine(limit: 100))'" }
}
