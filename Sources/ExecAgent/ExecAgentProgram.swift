import CommandOptions
import Diagnostics
import MCPClient
import SystemCalls
import Threading

/// The program's entry point: parses the command line and runs the requested mode.
enum ExecAgentProgram {
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
            let invocation = try AgentInvocation(
                arguments, environment: ProcessEnvironment.variables,
                isAtTerminal: Descriptors.isTerminal(STDIN_FILENO))
            switch invocation {
            case .help: return write(AgentHelp.text)
            case .version: return write("exec-agent \(AgentHelp.version)\n")
            case .task(let task, let options): return try work(on: try task ?? readTask(), options)
            case .conversation(let options): return try converse(options)
            case .serve(let options): return try serve(options)
            }
        } catch let error as UsageError {
            printError(error.message)
            return usageStatus
        } catch {
            printError("cannot start: \(error)")
            return failedStatus
        }
    }

    private static func printError(_ message: String) {
        Logger.writeToStandardError("exec-agent: \(message.singleLine(limit: 2000))\n")
    }

    /// Writes to standard output.
    ///
    /// - Returns: the exit status.
    private static func write(_ text: String) -> Int32 {
        guard !Descriptors.write(Array(text.utf8), to: STDOUT_FILENO) else { return 0 }
        guard errno != EPIPE else { return 128 + SIGPIPE }
        reportOutputFailure(errno)
        return failedStatus
    }

    private static func reportOutputFailure(_ error: Int32) {
        printError("cannot write to standard output: \(String(cString: strerror(error)))")
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
        let parts = try AgentApp(
            options, log: screen.log(options.logLevel), asking: modes(options), onBridge: screen.noteBridge)
        interrupts.beforeEnd { [handover = parts.handover] in handover?.remove() }
        let answerer = answerer(options, screen, InputLines(of: STDIN_FILENO, screen: screen))
        return interrupts.run {
            let status = await TaskRunner(
                runner: parts.agent, toolProvider: parts.toolProvider, screen: screen, interrupts: interrupts,
                user: options.user, limits: options.limits, output: options.output.map { OutputDirectory(path: $0) },
                isJSON: options.isJSON, answerer: answerer
            ).run(task)
            await parts.close()
            return status
        }
    }

    private static func converse(_ options: AgentOptions) throws -> Int32 {
        TerminalSignals.block()
        let interrupts = try SignalHandler.listening(handlesQuit: false)
        let screen = try screen(interrupts, options)
        let parts = try AgentApp(
            options, log: screen.log(options.logLevel), asking: modes(options), onBridge: screen.noteBridge)
        interrupts.beforeEnd { [handover = parts.handover] in handover?.remove() }
        let editor = try editor(parts, options, screen, interrupts)
        let source: any LineSource
        let answerer: (any QuestionAnswerer)?
        if let editor {
            source = editor
            answerer = Self.answerer(options, screen, editor)
        } else {
            let lines = InputLines(of: STDIN_FILENO, screen: screen)
            try lines.start()
            source = PlainLines(lines: lines.lines, screen: screen)
            answerer = Self.answerer(options, screen, lines)
        }
        return interrupts.run {
            var conversation = REPL(
                runner: parts.agent, toolProvider: parts.toolProvider, screen: screen, interrupts: interrupts,
                user: options.user, limits: options.limits, output: options.output.map { OutputDirectory(path: $0) },
                greeting:
                    "exec-agent \(AgentHelp.version) with \(options.model.singleLine(limit: 100)). /help lists the "
                    + "commands; Ctrl-C interrupts, Ctrl-D leaves." + parts.bridgeSentence,
                home: ProcessEnvironment.variables["HOME"], answerer: answerer)
            let status = await conversation.run(source)
            await editor?.close()
            await parts.close()
            return status
        }
    }

    /// Whether a person can be asked: on the terminal that shows what the agent does and that the person types on.
    private static func canAsk() -> Bool {
        Descriptors.isTerminal(STDIN_FILENO) && Descriptors.isTerminal(STDERR_FILENO)
    }

    /// Returns how servers may ask the person.
    private static func modes(_ options: AgentOptions) -> Set<Elicitation.Mode> {
        switch options.approval {
        case .never, .page: []
        case .ask: canAsk() ? [.form, .url] : []
        case .always: canAsk() ? [.form, .url] : [.form]
        }
    }

    /// Creates what answers servers' questions; `nil` if nothing can.
    private static func answerer(
        _ options: AgentOptions, _ screen: TerminalOutput, _ source: any ReplySource
    ) -> (any QuestionAnswerer)? {
        let person = canAsk() ? TerminalQuestions(screen: screen, source: source) : nil
        return switch options.approval {
        case .never, .page: nil
        case .ask: person
        case .always: AutomaticApproval(otherwise: person)
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
            ) { [toolProvider = parts.toolProvider, user = options.user] in
                let deadline = Deadline(in: namesTime, on: .system)
                let artifacts = try? await withDeadline(deadline) { try await toolProvider.artifacts(of: user) }
                return (artifacts ?? nil)?.map(\.name) ?? []
            })
        if let editor { interrupts.beforeEnd { editor.releaseTerminalNow() } }
        return editor
    }

    private static func serve(_ options: AgentOptions) throws -> Int32 {
        let interrupts = try SignalHandler.listening()
        let logger = Logger(program: "exec-agent", level: options.logLevel)
        let modes: Set<Elicitation.Mode> = options.approval == .never ? [] : [.form, .url]
        let parts = try AgentApp(options, log: logger, asking: modes) { logger.info($0) }
        interrupts.beforeEnd { [handover = parts.handover] in handover?.remove() }
        let service = parts.service(options, log: logger)
        let status = interrupts.run {
            var status: Int32 = 0
            do {
                try await service.start()
                let place = service.addresses.joined(separator: ", ")
                printError("listening at \(place), with the model \(options.model)\(parts.bridgeSentence)")
                // Starts the servers early, so the first answer doesn't wait for them and their health is known.
                async let tools: Void = parts.startServers { logger.warning($0) }
                await withTaskCancellationHandler {
                    await service.waitUntilStopped()
                } onCancel: {
                    // The cancelled task itself cannot wait for the answers still in progress.
                    Task.detached { await service.stop() }
                }
                await parts.close()
                _ = await tools
            } catch {
                printError("\(error)")
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
            reportOutputFailure(error)
            interrupts.fail(failedStatus)
        }
    }
}

extension TerminalOutput {
    /// Writes a line on what `--bridge` saves.
    fileprivate func noteBridge(_ text: String) {
        note("exec-agent: \(text.singleLine(limit: 2000))", .faint)
    }

    /// Creates a logger that interleaves its lines with the notes.
    fileprivate func log(_ level: LogLevel) -> Logger {
        Logger(program: "exec-agent", level: level) { [self] line in note(String(line.dropLast())) }
    }
}
