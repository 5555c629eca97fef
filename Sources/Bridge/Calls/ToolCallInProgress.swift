import BridgeModules
import Diagnostics
import ExecCore
import JSON
import MCP
import MCPClient
import MCPServers
import Telemetry
import Threading

/// One call of a tool, from the check of the rules to its answer.
final class ToolCallInProgress: Sendable {
    /// How often a server may change its tools between the check of the rules and the call.
    private static let maxChanges = 3

    private let server: BridgeServer
    private let tool: Tool
    /// The arguments as people and logs see them.
    private let arguments: JSONObject
    /// The arguments as the server gets them. Nobody else does.
    private let sent: JSONObject
    private let calls: CommandCalls
    private let approvals: UserApprovals
    private let sources: SessionSources
    private let privateData: ServerDataFilter
    private let tracer: Tracer
    private let start = ContinuousClock.now
    private let record: Locked<NestedCall>

    /// - Parameter arguments: as code in the sandbox gave them.
    init(
        server: BridgeServer, tool: Tool, arguments: JSONObject, size: Int, sandbox: String, calls: CommandCalls,
        approvals: UserApprovals, sources: SessionSources, privateData: ServerDataFilter, tracer: Tracer
    ) {
        self.server = server
        self.tool = tool
        let shown = privateData.shown(arguments)
        self.arguments = shown
        sent = privateData.restored(arguments)
        self.calls = calls
        self.approvals = approvals
        self.sources = sources
        self.privateData = privateData
        self.tracer = tracer
        record = Locked(
            NestedCall(
                time: NestedCall.now, sandbox: sandbox, command: calls.command, server: server.name, tool: tool.name,
                arguments: shown, argumentBytes: size))
    }

    /// The tool's name, for messages: it is the server's to choose.
    private var name: String { "\(server.name).\(tool.name)".singleLine(limit: 200) }
    private var user: String { approvals.user.name }

    /// Returns the record of the call, which has ended with `error`.
    func record(_ error: BridgeError?) -> NestedCall {
        record.withLock { record in
            record.seconds = start.duration(to: .now) / .seconds(1)
            if let error { record.fail(error) }
            return record
        }
    }

    func run(_ request: BridgeRequest, seconds: Double) async throws(BridgeError) -> BridgeConnection.Reply {
        let ruled = server.decision(on: tool)
        let decision = sources.restriction(on: tool, of: server)?.applied(to: ruled) ?? ruled
        record.withLock { $0.rule = decision.rule }
        try await calls.admit(to: server, bytes: request.size) { () throws(BridgeError) in
            guard case .deny(let rule, let reason) = decision else { return }
            throw BridgeError(.denied, "\(name) is refused. \(reason)", data: ["rule": .string(rule)])
        }
        let task = Locked<Task<BridgeConnection.Reply, any Error>?>(nil)
        let ticket = try calls.begin(record.withLock { $0 }.summary(privateData.vault)) {
            task.withLock { $0?.cancel() }
        }
        do throws(BridgeError) {
            let reply = try await calls.waiting { () async throws(BridgeError) in
                try await self.reply(to: request, decision, seconds, ticket, task)
            }
            calls.end(ticket, record.withLock { $0.outcome })
            return reply
        } catch {
            calls.end(ticket, record(error).outcome, mayHaveHappened: error.isUncertain)
            throw error
        }
    }

    /// Waits for a person's approval if the rules want one.
    private func approve(_ decision: ToolPolicy.Decision) async throws(BridgeError) {
        guard case .ask(let question) = decision else { return }
        let call = CallToApprove(
            ToolIdentity(tool, of: server.entry, rule: question.rule), reason: question.reason,
            mayLast: question.mayLast, arguments: arguments, script: calls.questions.script,
            privateData: privateData.vault)
        let how = try await ApprovalGate(calls: calls, approvals: approvals).pass(
            call, named: name, remedy: question.remedy, within: server.entry.settings.approvalTimeout)
        record.withLock { $0.rule = "\(question.rule), \(how)" }
    }

    /// Waits for approval and its turns and makes the call, in a task that the end of the command can cancel.
    private func reply(
        to request: BridgeRequest, _ decision: ToolPolicy.Decision, _ seconds: Double, _ ticket: CommandCalls.Ticket,
        _ task: Locked<Task<BridgeConnection.Reply, any Error>?>
    ) async throws(BridgeError) -> BridgeConnection.Reply {
        let isApproved = AsyncEvent()
        let work = Task {
            // Before its turns, which others need meanwhile.
            try await self.approve(decision)
            isApproved.complete()
            return try await self.madeCall(request, decision, seconds, ticket)
        }
        task.withLock { $0 = work }
        // It may have ended before there was something to cancel.
        if calls.isOver { work.cancel() }
        let isLate = Locked(false)
        let timer = Task { [calls] in
            // The time that a person takes isn't the call's.
            guard (try? await isApproved.waitUnlessCancelled()) != nil,
                (try? await Task.sleep(for: .seconds(seconds))) != nil, !calls.isSent(ticket)
            else { return }
            isLate.withLock { $0 = true }
            work.cancel()
        }
        defer { timer.cancel() }
        do {
            return try await withTaskCancellationHandler {
                try await work.value
            } onCancel: {
                work.cancel()
            }
        } catch {
            if isLate.withLock({ $0 }), !calls.isSent(ticket) {
                throw BridgeError(
                    .timeout,
                    "\(name) was not called: its server was busy or not ready for \(seconds) seconds."
                )
            }
            if let error = error as? BridgeError { throw error }
            throw notCalled
        }
    }

    private var notCalled: BridgeError {
        BridgeError(.interrupted, "\(name) was not called: it was cancelled before.")
    }

    /// Whether the script still waits for the call. The end of a command cancels its calls in any order, so one may get
    /// the turn of another that was cancelled before it.
    private func isWanted(_ request: BridgeRequest) -> Bool {
        request.isWanted() && !calls.isOver && !Task.isCancelled
    }

    private func madeCall(
        _ request: BridgeRequest, _ decision: ToolPolicy.Decision, _ seconds: Double, _ ticket: CommandCalls.Ticket
    ) async throws -> BridgeConnection.Reply {
        try await calls.waitForRate()
        try await calls.turns.wait()
        do {
            try await server.turns.wait(for: user)
        } catch {
            calls.turns.signal()
            throw error
        }
        do {
            guard isWanted(request) else { throw notCalled }
            let line = try await line(request, decision, seconds, ticket)
            server.turns.signal(for: user)
            // Ends with the writing of the answer.
            return BridgeConnection.Reply(line: line, onWritten: calls.endOfTurn())
        } catch {
            server.turns.signal(for: user)
            calls.turns.signal()
            throw error
        }
    }

    private func line(
        _ request: BridgeRequest, _ decision: ToolPolicy.Decision, _ seconds: Double, _ ticket: CommandCalls.Ticket
    ) async throws(BridgeError) -> [UInt8] {
        sources.record(server)
        let received: RawToolResult
        do throws(BridgeError) {
            received = try await server.exchange(.call(tool.name, sent)) { () async throws(BridgeError) in
                try await self.result(request, decision, seconds, ticket)
            }
        } catch {
            throw privateData.received(error)
        }
        let result = privateData.received(received)
        let line = request.success(.object(answer(result)))
        let limit = server.entry.settings.maxResult
        guard line.count <= min(limit, RequestLimits.lineBytes) else {
            throw BridgeError(
                .tooLarge,
                "\(BridgeError.tooLarge(name, line.count, limit: limit)) \(BridgeError.mayHaveHappened)")
        }
        do throws(BridgeError) {
            try calls.charge(line.count)
        } catch {
            // The call was made, so it is not one that a limit refused.
            throw BridgeError(.tooLarge, "\(error.message) \(BridgeError.mayHaveHappened)")
        }
        server.learn(result.members, of: tool, for: user)
        record.withLock { record in
            record.resultBytes = result.size
            if result.isError { record.outcome = .error }
        }
        return line
    }

    /// Makes the call, of a tool that declares what it did when the rules were checked.
    private func result(
        _ request: BridgeRequest, _ decision: ToolPolicy.Decision, _ seconds: Double, _ ticket: CommandCalls.Ticket
    ) async throws(BridgeError) -> RawToolResult {
        for _ in 0..<Self.maxChanges {
            let isChecked = decision.isByDeclaration || server.blocksChanges
            let version = isChecked ? try await checkedVersion() : nil
            if let result = try await sentResult(request, version, seconds, ticket) { return result }
        }
        throw BridgeError(.unavailable, "\(name) was not called: the server \(server.name) keeps changing its tools.")
    }

    /// - Parameter version: the only version of the server's tools that may be called; `nil` for any.
    /// - Returns: `nil` if the server's tools may have changed meanwhile; it was not called then.
    private func sentResult(
        _ request: BridgeRequest, _ version: [Int]?, _ seconds: Double, _ ticket: CommandCalls.Ticket
    ) async throws(BridgeError) -> RawToolResult? {
        let onProgress = calls.onProgress.map { [name, privateData] report in
            { @Sendable (text: String) in report("\(name): \(privateData.received(text))") }
        }
        let elicitation = CallElicitation(of: tool.name, on: server.name, calls, privateData: privateData)
        do throws(SupervisionError) {
            return try await server.use { [tool, sent, calls, server] (client) throws(MCPClientError) in
                // Its server may have taken long to start.
                guard isWanted(request) else { throw .cancelled }
                guard version == nil || server.listedVersion == version else { return nil }
                calls.recordSent(ticket)
                return try await server.relay.during(elicitation) { () async throws(MCPClientError) in
                    try await tracedCall { (meta) async throws(MCPClientError) in
                        try await client.callToolRaw(
                            tool.name, sent, meta: meta, timeLimit: seconds, elicitation: elicitation,
                            onProgress: onProgress)
                    }
                }
            }
        } catch {
            guard calls.isSent(ticket) || error != .inUse(.cancelled) else { throw notCalled }
            var failure = BridgeError(error, of: name, on: server.name, limit: server.entry.settings.maxResult)
            if failure.kind == .input { failure.data["parameters"] = .array(parameters.map { .string($0) }) }
            throw failure
        }
    }

    /// Makes a call in a span of its own, which the server learns of.
    ///
    /// - Parameter call: receives what to add to the request's `_meta`.
    private func tracedCall(
        _ call: (JSONObject) async throws(MCPClientError) -> RawToolResult
    ) async throws(MCPClientError) -> RawToolResult {
        let begun = tracer.begin("tools/call \(tool.name)", .client, parent: calls.trace)
        defer { tracer.end(begun) }
        begun.open.set("mcp.method.name", .text("tools/call"))
        begun.open.set("gen_ai.tool.name", .text(tool.name))
        begun.open.set("exec_mcp.bridge.server", .text(server.name))
        var meta = JSONObject()
        meta.add(begun.open.context)
        do throws(MCPClientError) {
            let result = try await call(meta)
            if result.isError { begun.open.fail("tool_error") }
            return result
        } catch {
            begun.open.fail("failed")
            throw error
        }
    }

    /// Makes sure that the running server's tool declares what it did when the rules were checked.
    ///
    /// - Returns: the version of the server's tools that this is true of.
    private func checkedVersion() async throws(BridgeError) -> [Int]? {
        if !server.isListedByRunningServer {
            do throws(SupervisionError) {
                _ = try await server.listAgain()
            } catch {
                throw BridgeError(
                    error, of: "its list of tools", on: server.name, limit: server.entry.settings.maxResult,
                    isRead: true)
            }
        }
        // Read before the tools: a change meanwhile counts as one.
        let version = server.listedVersion
        let current = server.knownTools?.first { $0.name.utf8.elementsEqual(tool.name.utf8) }
        guard let current, current == tool || ToolDigest.digest(of: current) == ToolDigest.digest(of: tool) else {
            throw BridgeError(
                .denied,
                """
                \(name) was not called: it declares something else than when it was checked. Call it again to have it \
                checked again.
                """)
        }
        // No version equals this one: the tools changed already.
        return version ?? []
    }

    /// The tool's own result, with what the rules for values need to know of its schema.
    private func answer(_ result: RawToolResult) -> JSONObject {
        var members = ToolAnswer.members(of: result)
        let function = server.pythonModule.function(tool.name)
        members["unwraps"] = .bool(function?.unwraps ?? false)
        members["declaresOutput"] = .bool(tool.outputSchema != nil)
        return members
    }

    /// The tool's parameters, those that it requires with a star.
    private var parameters: [String] {
        server.pythonModule.function(tool.name)?.parameters.map { $0.name + ($0.isRequired ? "*" : "") } ?? []
    }
}
