import Diagnostics
import ExecCore
import JSON

/// Lets a call pass that a rule requires a person to approve, once one has.
struct ApprovalGate: Sendable {
    let calls: CommandCalls
    let approvals: UserApprovals

    /// Waits for a person's approval, or finds one.
    ///
    /// - Parameters:
    ///   - name: the call's name, for messages.
    ///   - remedy: what would let it run without being asked, as a sentence.
    ///   - seconds: how long a person may take.
    /// - Returns: how it was approved, for the audit log.
    /// - Throws: ``BridgeError`` if it wasn't.
    func pass(
        _ call: CallToApprove, named name: String, remedy: String, within seconds: Double
    ) async throws(BridgeError) -> String {
        do throws(BridgeError) {
            switch await approvals.answer(to: call) {
            case .once: return "approved once"
            case .session: return "approved for the session"
            case .always: return "always approved"
            case .denied: throw Self.denial(name, call, "A person denied it.")
            case .none: return try await asked(call, name, remedy, seconds)
            }
        } catch {
            // A loop around a call must not keep this program busy.
            if error.kind != .interrupted { try? await calls.waitForRate() }
            throw error
        }
    }

    private func asked(
        _ call: CallToApprove, _ name: String, _ remedy: String, _ seconds: Double
    ) async throws(BridgeError) -> String {
        let answer: ApprovalAnswer
        do {
            answer = try await calls.questions.answer(to: call, within: seconds)
        } catch {
            throw BridgeError(.interrupted, "\(name) was not called: it was cancelled before a person had answered.")
        }
        switch answer {
        case .once: return "approved once"
        case .session: return "approved for the session"
        case .always: return "always approved"
        case .denied(let how): throw Self.denial(name, call, how)
        case .unavailable(let reason), .failed(let reason): throw await required(call, name, remedy, reason)
        }
    }

    private static func denial(_ name: String, _ call: CallToApprove, _ how: String) -> BridgeError {
        BridgeError(
            .denied, "\(name) was not called. \(how) Do not try it again in other ways: ask the user.",
            data: ["rule": .string(call.identity.rule)])
    }

    /// The error for a call that nobody can be asked about here. It waits for an approval from outside, if it can.
    private func required(
        _ call: CallToApprove, _ name: String, _ remedy: String, _ reason: String
    ) async -> BridgeError {
        var message = "\(name) needs a person's approval. \(call.reason) \(Self.sentence(reason))"
        var data: JSONObject = ["rule": .string(call.identity.rule)]
        do throws(ApprovalStore.AddError) {
            if let request = try await approvals.add(call) {
                data["approval"] = .string(request.id)
                message += """
                     Within \(minutesLeft(of: request).counted("minute")) a person can approve exactly this call on the \
                    machine that exec-mcp runs on: exec-mcp bridge approve \(request.id) --user \(approvals.user.name). \
                    Then make the same call again.
                    """
            }
        } catch {
            switch error {
            case .full:
                message += """
                     Too many calls wait for approval already: exec-mcp bridge pending --user \(approvals.user.name) \
                    lists them.
                    """
            case .unreadable(let reason):
                message += """
                     It cannot wait for one: exec-mcp cannot read its file with approvals at the moment \
                    (\(reason.singleLine(limit: 100))); its log names it. The person who runs exec-mcp can fix that. Then \
                    make the same call again.
                    """
            case .unwritable:
                message += """
                     It cannot wait for one: exec-mcp cannot write its file with approvals; its log names it. The \
                    person who runs exec-mcp can fix that: it needs a directory that its account can write, and disk space.
                    """
            }
        }
        return BridgeError(.approvalRequired, "\(message) \(remedy)", data: data)
    }

    private func minutesLeft(of request: ApprovalRequest) -> Int {
        max(1, Int(((approvals.store?.secondsLeft(of: request) ?? 0) / 60).rounded()))
    }

    private static func sentence(_ text: String) -> String {
        let line = text.singleLine(limit: 300)
        let text = line.prefix(1).uppercased() + line.dropFirst()
        return [".", "!", "?", "…"].contains(text.last) ? text : text + "."
    }
}
