import CommandOptions
import Diagnostics
import SystemCalls
import Threading

/// The program's entry point: parses the command line and runs the requested mode.
enum Program {
    private static let usageStatus: Int32 = 2
    private static let failedStatus: Int32 = 1
    /// Maximum size of a task read from standard input, in bytes.
    private static let taskLimit = 1 << 20
    /// Seconds for which Tab completion waits for the names of artifacts. Input typed meanwhile is queued.
    private static let namesTime = 3.0

    /// - Returns: the exit status.
    static func run(arguments: [String]) -> Int32 {
        // The reader of our output, or one of our servers, may exit before we do.
        signal(SIGPIPE, SIG_IGN)
        // If a file exceeds the system's size limit, the write must fail with an error instead of killing the process.
        signal(SIGXFSZ, SIG_IGN)
        Descriptors.reserveStandardStreams()
        do {
            let invocation = try Invocation(
                arguments, environment: ProcessEnvironment.variables,
                isAtTerminal: Descriptors.isTerminal(STDIN_FILENO))
            switch invocation {
            case .help: return write(Help.text)
            case .version: return write("exec-agent \(Help.version)\n")
            case .task(let task, let options): return try work(on: try task ?? readTask(), options)
            case .conversation(let options): return try converse(options)
            case .serve(let options): return try serve(options)
            }
        } catch let error as UsageError {
            say(error.message)
            return usageStatus
        } catch {
            say("cannot start: \(error)")
            return failedStatus
        }
    }

    private static func say(_ message: String) {
        Logger.writeToStandardError("exec-agent: \(message.singleLine(limit: 2000))\n")
    }

    /// Writes to standard output.
    ///
    /// - Returns: the exit status.
    private static func write(_ text: String) -> Int32 {
        guard !Descriptors.write(Array(text.utf8), to: STDOUT_FILENO) else { return 0 }
        guard errno != EPIPE else { return 128 + SIGPIPE }
        sayOutputFailed(errno)
        return failedStatus
    }

    private static func sayOutputFailed(_ error: Int32) {
        say("cannot write to standard output: \(String(cString: strerror(error)))")
    }

    private static func readTask() throws(UsageError) -> String {
        guard let bytes = Descriptors.readAll(from: STDIN_FILENO, limit: taskLimit) else {
            throw UsageError(message: "the task on standard input is longer than \(taskLimit) bytes, or cannot be read")
        }
        let task = String(decoding: bytes, as: UTF8.self).trimmed
        guard !task.isEmpty else {
            throw UsageError(message: "there is no task: give one in quotes, or write it to standard input")
        }
        return task
    }

    private static func work(on task: String, _ options: AgentOptions) throws -> Int32 {
        let interrupts = try SignalHandler.listening()
        let screen = try screen(interrupts, options)
        let parts = try AgentApp(options, log: screen.log(options.logLevel))
        return interrupts.run {
            let status = await TaskRunner(
                runner: parts.agent, toolBox: parts.toolBox, screen: screen, interrupts: interrupts,
                user: options.user, limits: options.limits, output: options.output.map { OutputDirectory(path: $0) },
                isJSON: options.isJSON
            ).run(task)
            await parts.close()
            return status
        }
    }

    private static func converse(_ options: AgentOptions) throws -> Int32 {
        TerminalSignals.block()
        let interrupts = try SignalHandler.listening(takesQuit: false)
        let screen = try screen(interrupts, options)
        let parts = try AgentApp(options, log: screen.log(options.logLevel))
        let editor = try editor(parts, options, screen, interrupts)
        let source: any LineSource =
            if let editor { editor } else { PlainLines(lines: try InputLines.of(STDIN_FILENO), screen: screen) }
        return interrupts.run {
            var conversation = REPL(
                runner: parts.agent, toolBox: parts.toolBox, screen: screen, interrupts: interrupts,
                user: options.user, limits: options.limits, output: options.output.map { OutputDirectory(path: $0) },
                greeting: "exec-agent \(Help.version) with \(options.model.singleLine(limit: 100)). /help lists the "
                    + "commands; Ctrl-C interrupts, Ctrl-D leaves.",
                home: ProcessEnvironment.variables["HOME"])
            let status = await conversation.run(source)
            await editor?.close()
            await parts.close()
            return status
        }
    }

    /// Creates the line editor; `nil` if the terminal edits lines itself because it cannot redraw.
    private static func editor(
        _ parts: AgentApp, _ options: AgentOptions, _ screen: TerminalOutput, _ interrupts: SignalHandler
    ) throws(ThreadError) -> LineEditor? {
        guard screen.abilities.canRedraw else { return nil }
        let editor = try LineEditor(
            input: STDIN_FILENO, output: STDERR_FILENO,
            LineEditor.Surroundings(
                screen: screen, interrupts: interrupts,
                history: options.history.file(environment: ProcessEnvironment.variables),
                commands: REPL.commands
            ) { [toolBox = parts.toolBox, user = options.user] in
                let deadline = Deadline(in: namesTime, on: .system)
                let artifacts = try? await withDeadline(deadline) { try await toolBox.artifacts(of: user) }
                return (artifacts ?? nil)?.map(\.name) ?? []
            })
        if let editor { interrupts.beforeEnd { editor.giveBackNow() } }
        return editor
    }

    private static func serve(_ options: AgentOptions) throws -> Int32 {
        let interrupts = try SignalHandler.listening()
        let logger = Logger(program: "exec-agent", level: options.logLevel)
        let parts = try AgentApp(options, log: logger)
        let service = parts.service(options, log: logger)
        let status = interrupts.run {
            var status: Int32 = 0
            do {
                try await service.start()
                say("listening at \(service.addresses.joined(separator: ", ")), with the model \(options.model)")
                // Starts the servers early, so the first answer doesn't wait for them and their health is known.
                async let tools = try? parts.toolBox.tools()
                await withTaskCancellationHandler {
                    await service.waitUntilStopped()
                } onCancel: {
                    // The cancelled task itself cannot wait for the answers still in progress.
                    Task.detached { await service.stop() }
                }
                await parts.close()
                _ = await tools
            } catch {
                say("\(error)")
                status = failedStatus
            }
            await parts.close()
            return status
        }
        // A signal is the normal way to stop a service.
        return interrupts.endingSignal == nil ? status : 0
    }

    private static func screen(_ interrupts: SignalHandler, _ options: AgentOptions) throws(ThreadError)
        -> TerminalOutput
    {
        let abilities = TerminalOutput.Abilities(
            answers: STDOUT_FILENO, notes: STDERR_FILENO, environment: ProcessEnvironment.variables,
            isPlain: options.isPlain || options.isJSON)
        return try TerminalOutput(abilities: abilities) { error in
            // The reader has gone, which isn't a failure of this program.
            guard error != EPIPE else { return interrupts.leave(SIGPIPE) }
            sayOutputFailed(error)
            interrupts.fail(failedStatus)
        }
    }
}

extension TerminalOutput {
    /// Creates a logger that interleaves its lines with the notes.
    fileprivate func log(_ level: LogLevel) -> Logger {
        Logger(program: "exec-agent", level: level) { [self] line in note(String(line.dropLast())) }
    }
}
