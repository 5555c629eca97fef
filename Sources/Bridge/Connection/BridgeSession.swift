import BridgeModules
import Diagnostics
import ExecCore
import JSON
import Threading

/// The bridge of one sandbox: knows its running commands, and serves the connections that its guest opens.
final class BridgeSession: SandboxBridgeSession {
    private struct State {
        var commands: [UInt32: CommandCalls] = [:]
        /// What the sandbox's modules were made from; `nil` before they were asked for.
        var installed: [BridgeServer.ModuleVersion]?
        /// The calls of all background processes, and since when they are counted.
        var background: (calls: CommandCalls, start: ContinuousClock.Instant)?
    }

    let maxOpenCalls = RequestLimits.connections

    private let methods: BridgeMethods
    private let lease: BridgeUsers.Lease
    private var catalog: UserCatalog { lease.catalog }
    /// The answers that the sandbox hasn't read.
    let unread: UnreadAnswers
    /// What its open requests use.
    let memory: RequestMemory
    private let maxCommandBytes: Int
    private let clock: MonotonicClock
    private let send: @Sendable (Frame) throws -> Void
    private let gate: SessionEgressGate?
    private let state: Locked<State>

    init(
        methods: BridgeMethods, of lease: BridgeUsers.Lease, unread: UnreadAnswers, memory: RequestMemory,
        maxCommandBytes: Int, clock: MonotonicClock, send: @escaping @Sendable (Frame) throws -> Void
    ) {
        self.maxCommandBytes = maxCommandBytes
        self.clock = clock
        let state = Locked(State())
        self.state = state
        gate =
            lease.catalog.isGuarded
            ? SessionEgressGate(methods.caller.sources) {
                state.withLock { state in
                    for (number, calls) in state.commands.sorted(by: { $0.key > $1.key }) {
                        if calls.interaction != nil { return (number, calls.questions) }
                    }
                    return nil
                }
            } : nil
        self.methods = methods
        self.unread = unread
        self.memory = memory
        self.lease = lease
        self.send = send
    }

    func open(_ parameters: JSON, id: UInt32) throws(ChannelError) -> any GuestCall {
        guard let owner = OpenParameters(parameters) else {
            throw ChannelError(reason: "opened a connection to the bridge for no command")
        }
        let stream = GuestCallStream(id: id, send: send)
        let calls: CommandCalls?
        if let command = owner.command {
            calls = state.withLock { $0.commands[command] }
        } else {
            calls = backgroundCalls()
        }
        guard let calls else { return BridgeConnection(stream, unread: unread, memory: memory, handler: nil) }
        return BridgeConnection(stream, unread: unread, memory: memory) { [methods] request in
            await methods.answer(request, of: calls)
        }
    }

    /// Background processes share the limits of one command: connections cost nothing, so each on its own would have
    /// none.
    private func backgroundCalls() -> CommandCalls {
        state.withLock { state in
            if let background = state.background,
                background.start.duration(to: .now) < .seconds(RequestLimits.backgroundSeconds)
            {
                return background.calls
            }
            let calls = CommandCalls(
                of: nil, approvals: methods.caller.approvals, maxBytes: maxCommandBytes, clock: clock)
            state.background = (calls, .now)
            return calls
        }
    }

    /// Returns the calls of a running command.
    func calls(of command: UInt32) -> CommandCalls? { state.withLock { $0.commands[command] } }

    func changedModules() async -> [ModuleFile]? {
        await catalog.waitForTools()
        let versions = catalog.moduleVersions
        let isChanged = state.withLock { state in
            guard state.installed != versions else { return false }
            // What results look like is only documentation: no reason to replace files below a running command.
            guard state.commands.isEmpty || state.installed?.map(\.tools) != versions.map(\.tools) else { return false }
            state.installed = versions
            return true
        }
        return isChanged ? catalog.moduleFiles : nil
    }

    func modulesWereNotInstalled() {
        state.withLock { $0.installed = nil }
    }

    func beginCommand(_ id: UInt32, _ listener: BridgedCommand) {
        let calls = CommandCalls(
            of: id, listener, approvals: methods.caller.approvals, maxBytes: maxCommandBytes, clock: clock)
        state.withLock { $0.commands[id] = calls }
    }

    var egressGate: (any EgressGate)? { gate }

    func endCommand(_ id: UInt32) async -> String? {
        let calls = state.withLock { $0.commands.removeValue(forKey: id) }
        // What is asked from now on isn't asked for this command.
        gate?.commandEnded(id)
        return await calls?.finish()
    }
}

/// The parameters of a guest's request for a connection to the bridge.
struct OpenParameters: Sendable, Equatable {
    /// The number of the command whose process connected; `nil` for a background process, or if the kernel doesn't tell.
    let command: UInt32?

    /// Parses the guest's parameters; `nil` for a request that our guest never sends.
    init?(_ value: JSON) {
        guard let command = value["command"] else { return nil }
        guard command != .null else {
            self.command = nil
            return
        }
        guard let number = command.integerValue.flatMap(UInt32.init(exactly:)) else { return nil }
        self.command = number
    }
}
