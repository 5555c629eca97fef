import BridgeModules
import Diagnostics
import ExecCore
import JSON
import SystemCalls
import Threading

extension ToolCaller {
    /// Runs a request for a server's resources or prompts, within the limits of calls and logged as they are.
    func read(
        _ read: ReadRequest, _ request: BridgeRequest, of server: BridgeServer, _ calls: CommandCalls
    ) async throws(BridgeError) -> JSON {
        let record = Locked(
            NestedCall(
                time: NestedCall.now, sandbox: sandbox, command: calls.command, server: server.name, tool: read.method,
                arguments: request.params, argumentBytes: request.size))
        let start = ContinuousClock.now
        func ended(_ error: BridgeError?) -> NestedCall {
            record.withLock { record in
                record.seconds = start.duration(to: .now) / .seconds(1)
                if let error { record.fail(error) }
                return record
            }
        }
        do throws(BridgeError) {
            let result = try await counted(read, request, of: server, calls) { rule in
                record.withLock { $0.rule = rule }
            }
            onCall(ended(nil))
            return result
        } catch {
            if calls.isLogged(error) { onCall(ended(error)) }
            throw error
        }
    }

    private func counted(
        _ read: ReadRequest, _ request: BridgeRequest, of server: BridgeServer, _ calls: CommandCalls,
        onRule: @Sendable (String) -> Void
    ) async throws(BridgeError) -> JSON {
        let reader = ServerReader(
            server: server, privateData: ServerDataFilter(privateData, of: server), calls: calls)
        try await calls.admit(to: server, bytes: request.size) { () throws(BridgeError) in
            let decision = server.decision(onReading: read.method, isListed: false)
            onRule(decision.rule)
            guard case .deny(let rule, let reason) = decision else { return }
            throw BridgeError(.denied, "\(server.name) was not asked. \(reason)", data: ["rule": .string(rule)])
        }
        return try await calls.waiting { () async throws(BridgeError) in
            do throws(BridgeError) {
                try await approve(read, request, of: reader, calls, onRule)
                return try await inTurn(request, of: server, calls) { () async throws(BridgeError) in
                    sources.record(server)
                    return try await read.run(reader)
                }
            } catch {
                if [.denied, .approvalRequired].contains(error.kind) { calls.countFailure() }
                throw error
            }
        }
    }

    private func approve(
        _ read: ReadRequest, _ request: BridgeRequest, of reader: ServerReader, _ calls: CommandCalls,
        _ onRule: (String) -> Void
    ) async throws(BridgeError) {
        let server = reader.server
        // Also if the server lists it: the choice among what it lists carries data too.
        let restriction = read.namesSomething ? sources.restriction(onReading: server) : nil
        let ruled = server.decision(onReading: read.method, isListed: false)
        guard case .ask(let question) = restriction?.applied(to: ruled) ?? ruled else { return }
        // The server is asked for its list only if that decides.
        if restriction == nil, case .run(let rule) = server.decision(onReading: read.method, isListed: true),
            try await inTurn(
                request, of: server, calls, { () async throws(BridgeError) in await read.isListed(by: reader) })
        {
            return onRule(rule)
        }
        onRule(question.rule)
        let call = CallToApprove(
            ToolIdentity(method: read.method, of: server.entry, rule: question.rule), reason: question.reason,
            mayLast: question.mayLast, arguments: read.arguments, script: calls.questions.script,
            privateData: privateData)
        let how = try await ApprovalGate(calls: calls, approvals: approvals).pass(
            call, named: "\(server.name) \(read.method)".singleLine(limit: 200), remedy: question.remedy,
            within: server.entry.settings.approvalTimeout)
        onRule("\(question.rule), \(how)")
    }

    private func inTurn<Value: Sendable>(
        _ request: BridgeRequest, of server: BridgeServer, _ calls: CommandCalls,
        _ body: () async throws(BridgeError) -> Value
    ) async throws(BridgeError) -> Value {
        do {
            try await calls.waitForRate()
            try await calls.turns.wait()
        } catch {
            throw Self.notAsked(server)
        }
        defer { calls.turns.signal() }
        do {
            try await server.turns.wait(for: user.name)
        } catch {
            throw Self.notAsked(server)
        }
        defer { server.turns.signal(for: user.name) }
        guard request.isWanted(), !calls.isOver, !Task.isCancelled else { throw Self.notAsked(server) }
        return try await body()
    }

    private static func notAsked(_ server: BridgeServer) -> BridgeError {
        BridgeError(.interrupted, "\(server.name) was not asked: the request was cancelled before.")
    }
}
