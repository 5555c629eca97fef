import ChildProcess
import Diagnostics
import Hashing
import Telemetry
import Threading

// What a sandbox does for the bridge.
extension Sandbox {
    /// Brings the directory of modules up to date before code can look at it. A failure is logged: the code that needs
    /// the modules reports that they are missing.
    func installChangedModules() async throws {
        guard let bridge else { return }
        try await installTurn.wait()
        defer { installTurn.signal() }
        guard let files = await bridge.changedModules() else { return }
        do {
            for (path, reason) in try await install(files).sorted(by: { $0.key < $1.key }) {
                logger.warning(
                    """
                    the module \(path.singleLine(limit: 300)) is not in sandbox \(name): \
                    \(reason.singleLine(limit: 300))
                    """)
            }
        } catch {
            guard let error = error as? ExecError else {
                // The call that waited for it was cancelled.
                bridge.modulesWereNotInstalled()
                throw error
            }
            // Files that the sandbox has no room for would fail again at every command.
            if error.code != .invalidArgument { bridge.modulesWereNotInstalled() }
            logger.warning("the modules of the tools are not in sandbox \(name): \(error)")
        }
    }

    /// Runs a command whose code may call tools, and adds a note on its calls to the result, or to the error.
    ///
    /// - Parameters:
    ///   - script: the command's text.
    ///   - user: asks the person who uses the client; `nil` if that isn't possible.
    ///   - body: runs the command; reports its id before the guest learns of it.
    func bridged(
        _ script: String, _ report: ProgressSink?, _ user: (any UserInteraction)?,
        _ body: ((UInt32) -> Void) async throws -> CommandResult
    ) async throws -> CommandResult {
        let command = Locked<UInt32?>(nil)
        let calls = Locked<[BridgedCall]>([])
        let outcome: Result<CommandResult, any Error>
        do {
            let result = try await body { id in
                command.withLock { $0 = id }
                bridge?.beginCommand(id, listener(of: id, script, report, user, calls))
            }
            outcome = .success(result)
        } catch {
            outcome = .failure(error)
        }
        guard let id = command.withLock({ $0 }), let note = await bridge?.endCommand(id) else {
            return try outcome.get()
        }
        do {
            var result = try outcome.get()
            result.bridgeNote = note
            result.bridgedCalls = calls.withLock { $0 }
            return result
        } catch let error as ExecError {
            throw ExecError(error.code, "\(error.message)\n\(note)")
        }
    }

    private func listener(
        of command: UInt32, _ script: String, _ report: ProgressSink?, _ user: (any UserInteraction)?,
        _ calls: Locked<[BridgedCall]>
    ) -> BridgedCommand {
        let clock = CommandClock(of: command) { [input = channel.input] frame in try? await input.write(frame) }
        let longest = Double(limits.maxTimeout) + Self.answerGrace
        return BridgedCommand(
            holdClock: { [channel] isHeld in
                if isHeld { channel.extendDeadline(of: command, to: longest) }
                clock.hold(isHeld)
            },
            suspendClock: { [channel] isSuspended in
                if isSuspended { channel.extendDeadline(of: command, to: longest + BridgedCommand.maxAskedSeconds) }
                clock.suspend(isSuspended)
            }, onProgress: report?.forwardText,
            onCall: { call in
                calls.withLock { if $0.count < CommandResult.maxBridgedCalls { $0.append(call) } }
            }, scriptDigest: SHA256.hexDigest(of: script), user: user, trace: TraceContext.current)
    }
}
