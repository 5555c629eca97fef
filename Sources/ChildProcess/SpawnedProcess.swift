import SystemCalls

/// A process that was just started, with our ends of its three pipes. The owner must close them and reap the process.
struct SpawnedProcess {
    let identifier: pid_t
    let input: Int32
    let output: Int32
    let errorOutput: Int32
}

/// Starts a program in its own session, with all signals unblocked and set to their default actions, and without our
/// descriptors except its three pipes.
///
/// `Foundation.Process` guarantees none of this on Linux: children start with SIGTERM blocked and share pipes with
/// siblings.
///
/// - Parameter extra: a descriptor that the program gets as its descriptor 3; it stays open in this process.
func spawn(_ command: Command, passing extra: Int32? = nil) throws(SpawnError) -> SpawnedProcess {
    func failure(_ number: Int32, _ operation: String = "cannot start") -> SpawnError {
        SpawnError(executable: command.executable, errno: number, operation: operation)
    }
    let words = [command.executable] + command.arguments
    let settings = command.environment.map { $0.map { "\($0.key)=\($0.value)" } }
    let directory = command.workingDirectory.map { [$0] } ?? []
    let texts = words + directory + (settings ?? [])
    guard !texts.contains(where: { $0.utf8.contains(0) }) else { throw failure(EINVAL) }

    var open: [Int32] = []
    func pipeEnds() throws(SpawnError) -> (read: Int32, write: Int32) {
        do {
            let ends = try Descriptors.makePipe()
            open += [ends.read, ends.write]
            return ends
        } catch {
            open.forEach { close($0) }
            throw failure(error.number, "cannot create a pipe for")
        }
    }
    let input = try pipeEnds()
    let output = try pipeEnds()
    let errorOutput = try pipeEnds()

    var actions = FileActions()
    defer { actions.destroy() }
    actions.add(input.read, as: 0)
    actions.add(output.write, as: 1)
    actions.add(errorOutput.write, as: 2)
    if let extra { actions.add(extra, as: 3) }
    actions.closeTheRest(from: extra == nil ? 3 : 4)
    if let directory = command.workingDirectory { actions.changeDirectory(directory) }
    var attributes = SpawnAttributes()
    defer { attributes.destroy() }

    var identifier: pid_t = 0
    let code = withCStrings(words) { arguments in
        guard let settings else {
            return posix_spawn(
                &identifier, command.executable, &actions.value, &attributes.value, arguments, environ)
        }
        return withCStrings(settings) { environment in
            posix_spawn(&identifier, command.executable, &actions.value, &attributes.value, arguments, environment)
        }
    }
    guard code == 0 else {
        open.forEach { close($0) }
        throw failure(code)
    }
    for end in [input.read, output.write, errorOutput.write] { close(end) }
    return SpawnedProcess(
        identifier: identifier, input: input.write, output: output.read, errorOutput: errorOutput.read)
}

/// Whether a child has ended. Doesn't reap it, so that its process group can still be signalled.
func hasEnded(_ identifier: pid_t) -> Bool {
    var info = siginfo_t()
    let result = waitid(P_PID, id_t(identifier), &info, WEXITED | WNOHANG | WNOWAIT)
    #if canImport(Glibc)
        return result == 0 && info._sifields._sigchld.si_pid == identifier
    #else
        return result == 0 && info.si_pid == identifier
    #endif
}

/// Waits for the end of a child and reaps it. Blocks the calling thread.
func reap(_ identifier: pid_t) -> ExitStatus {
    var status: Int32 = 0
    let result = retryingInterrupts { waitpid(identifier, &status, 0) }
    // ECHILD: SIGCHLD is ignored, so the system discarded the status.
    return result == identifier ? ExitStatus(waitStatus: status) : .exited(-1)
}

/// Calls `body` with `strings` as the null-terminated array of C strings that exec requires.
func withCStrings<Result>(
    _ strings: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Result
) -> Result {
    var pointers: [UnsafeMutablePointer<CChar>?] = strings.map { strdup($0) }
    pointers.append(nil)
    defer { pointers.forEach { free($0) } }
    return pointers.withUnsafeBufferPointer { buffer in
        buffer.baseAddress.map(body) ?? body([nil])
    }
}
