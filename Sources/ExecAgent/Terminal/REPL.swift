import Diagnostics
import JSON
import MCP
import OpenAI
import Threading

/// An interactive conversation with the user at the terminal.
struct REPL {
    private let runner: any AgentRunner
    private let toolProvider: any ToolProvider
    private let screen: TerminalOutput
    private let interrupts: SignalHandler
    private let user: String?
    private let limits: RunLimits
    private let output: OutputDirectory?
    private let greeting: String
    /// The user's home directory; `nil` if unknown.
    private let home: String?
    /// Answers what tool servers ask; `nil` if nobody can.
    private let answerer: (any QuestionAnswerer)?

    private var history: [ChatMessage] = []
    /// Artifacts of this conversation.
    private var made = FileNames()

    static let help = """
        /new            forget the conversation and start a new one; files in the sandbox stay
        /tools          list the tools
        /artifacts      list the files that the agent made for you
        /artifacts DIR  save them all to DIR
        /save [FILE]    write the conversation to FILE: JSON if it ends in .json, else Markdown
        /help           show this
        /exit           leave, as Ctrl-D does
        A line that ends in \\ continues on the next; Alt-Enter also starts a new line. Tab completes commands and names
        of artifacts, Ctrl-R searches earlier input. Input that begins with a space is not kept in the history.
        Ctrl-C interrupts the agent; at the prompt it clears the line, and in an empty one it leaves.
        """

    /// The commands, for completion.
    static let commands = ["/new", "/tools", "/artifacts", "/save", "/help", "/exit", "/quit"]

    init(
        runner: any AgentRunner, toolProvider: any ToolProvider, screen: TerminalOutput, interrupts: SignalHandler,
        user: String?,
        limits: RunLimits, output: OutputDirectory?, greeting: String, home: String? = nil,
        answerer: (any QuestionAnswerer)? = nil
    ) {
        self.runner = runner
        self.toolProvider = toolProvider
        self.screen = screen
        self.interrupts = interrupts
        self.user = user
        self.limits = limits
        self.output = output
        self.greeting = greeting
        self.home = home
        self.answerer = answerer
    }

    /// Runs until the user leaves.
    ///
    /// - Returns: the exit status.
    mutating func run(lines: AsyncStream<String>) async -> Int32 {
        await run(PlainLines(lines: lines, screen: screen))
    }

    /// Runs until the user leaves.
    ///
    /// - Returns: the exit status.
    mutating func run(_ source: any LineSource) async -> Int32 {
        screen.note(greeting, .faint)
        var unfinished = ""
        source.ask("> ")
        for await line in source.lines {
            if line.hasSuffix("\\") {
                unfinished += line.dropLast() + "\n"
                source.ask("… ")
                continue
            }
            let message = (unfinished + line).trimmed
            unfinished = ""
            guard await handle(message) else {
                await screen.flush()
                return 0
            }
            guard !Task.isCancelled else { break }
            source.ask("> ")
        }
        source.end()
        await screen.flush()
        return 0
    }

    /// - Returns: whether the conversation continues.
    private mutating func handle(_ message: String) async -> Bool {
        // A command is a single line; a longer text, such as a pasted one, is a message.
        guard message.hasPrefix("/"), !message.contains("\n") else {
            if !message.isEmpty { await answer(message) }
            return true
        }
        let words = message.split(maxSplits: 1, whereSeparator: \.isWhitespace).map { String($0).trimmed }
        let argument = words.count > 1 ? words[1] : nil
        switch words[0] {
        case "/new":
            (history, made) = ([], FileNames())
            screen.note("A new conversation.", .faint)
        case "/tools": await listTools()
        case "/artifacts": await saveArtifacts(to: argument.map { OutputDirectory(path: expanded($0)) })
        case "/save": await save(to: argument.map(expanded))
        case "/help": screen.note(Self.help)
        case "/exit", "/quit": return false
        default:
            // For example a message that starts with a path.
            guard Self.looksLikeCommand(words[0]) else {
                await answer(message)
                return true
            }
            screen.note("There is no \(words[0].singleLine(limit: 100)); /help lists the commands.", .bad)
        }
        return true
    }

    /// Whether a word can only be meant as a command. A control character is never part of a word.
    private static func looksLikeCommand(_ word: String) -> Bool {
        let name = word.dropFirst().prefix { !$0.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7F } }
        return !name.isEmpty && name.allSatisfy(\.isLetter)
    }

    /// Expands a leading `~` to the home directory, as shells do.
    private func expanded(_ path: String) -> String {
        guard let home, path == "~" || path.hasPrefix("~/") else { return path }
        return home + path.dropFirst()
    }

    // MARK: The agent

    private mutating func answer(_ message: String) async {
        let question = ChatMessage(role: .user, text: message)
        let said = Locked("")
        let new = Locked(FileNames())
        let deadline = limits.seconds.map { Deadline(in: $0, on: .system) }
        do {
            let result = try await work(on: history + [question], said, new)
            history += [question] + result.messages
            if result.end == .cut { screen.note("The answer was cut at the model's own token limit.", .bad) }
        } catch is CancellationError {
            // The user has seen the partial answer, so it stays in the history.
            let words = said.withLock { $0 }
            let answer = words.isEmpty ? Self.interruption : "\(words)\n\n\(Self.interruption)"
            history += [question, ChatMessage(role: .assistant, text: answer)]
            screen.note("Interrupted.")
        } catch {
            // Nothing is added to the history, so that the same message can be sent again.
            screen.note("exec-agent: \("\(error)".singleLine(limit: 2000))", .bad)
        }
        await keep(new.withLock { $0.all }, by: deadline?.forSaving)
    }

    private static let interruption = "[The user interrupted this answer.]"

    private func work(
        on conversation: [ChatMessage], _ said: Locked<String>, _ new: Locked<FileNames>
    ) async throws -> RunResult {
        let activity = ProgressDisplay(screen: screen)
        defer { screen.endLine() }
        return try await interrupts.interruptible { [runner, user, limits, answerer] in
            async let _: Void = activity.animate()
            return try await runner.run(
                conversation, user: user, model: nil, limits: limits, parameters: JSONObject(),
                answerer: answerer
            ) { event in
                if case .text(let text) = event { said.withLock { $0 += text } }
                if case .toolEnded(let end) = event {
                    new.withLock { new in end.artifacts.forEach { new.add($0) } }
                }
                activity.show(event)
            }
        }
    }

    private func listTools() async {
        do {
            let tools = try await toolProvider.tools().map { $0.name.singleLine(limit: 100) }
            screen.note(tools.isEmpty ? "There are no tools." : tools.joined(separator: ", "))
            let bridged = toolProvider.bridgedServers
            guard !bridged.isEmpty else { return }
            screen.note("In code (--bridge), with their tools: \(BridgeNotice.names(bridged, withTools: true))")
        } catch {
            screen.note("exec-agent: \("\(error)".singleLine(limit: 2000))", .bad)
        }
    }

    // MARK: Files

    /// Records artifacts, and saves them if an output directory is configured.
    private mutating func keep(_ names: [String], by deadline: Deadline?) async {
        for name in names { made.add(name) }
        guard !names.isEmpty, let output else { return }
        await save(names, to: output, by: deadline)
    }

    private func saveArtifacts(to directory: OutputDirectory?) async {
        do {
            let artifacts = try await toolProvider.artifacts(of: user)
            guard !artifacts.isEmpty else { return screen.note("There are no artifacts.") }
            if let directory { return await save(artifacts.map(\.name), to: directory) }
            for artifact in artifacts {
                let size = artifact.size.map { ", \($0) bytes" } ?? ""
                let mark = made.contains(artifact.name) ? "*" : " "
                let name = artifact.name.singleLine(limit: 255)
                screen.note("\(mark) \(name) (\(artifact.mediaType.singleLine(limit: 100))\(size))")
            }
            if !made.isEmpty { screen.note("* from this conversation", .faint) }
        } catch {
            screen.note("exec-agent: \("\(error)".singleLine(limit: 2000))", .bad)
        }
    }

    private func save(_ names: [String], to directory: OutputDirectory, by deadline: Deadline? = nil) async {
        let saver = ArtifactSaver(toolProvider: toolProvider, user: user, directory: directory)
        let saved = try? await interrupts.interruptible { [screen] in
            try await saver.save(names, by: deadline) { screen.note("exec-agent: \($0.singleLine(limit: 1000))", .bad) }
        }
        for artifact in saved ?? [] { screen.note("Saved \(artifact.path.singleLine(limit: 4096))") }
    }

    private func save(to file: String?) async {
        guard !history.isEmpty else { return screen.note("The conversation is empty.") }
        let time = Timestamp.text(secondsSince1970: Timestamp.now).filter { $0 != ":" }
        let file = file ?? "\(output.map { "\($0.path)/" } ?? "")conversation-\(time).md"
        let text = file.hasSuffix(".json") ? Transcript.json(history) : Transcript.markdown(history)
        do {
            try await onBackgroundThread { try OutputDirectory.write(Array(text.utf8), toNewFile: file) }
            screen.note("Saved \(file.singleLine(limit: 4096))")
        } catch {
            screen.note("exec-agent: \("\(error)".singleLine(limit: 2000))", .bad)
        }
    }
}

extension String {
    /// The text without leading and trailing whitespace.
    var trimmed: String {
        let begun = drop(while: \.isWhitespace)
        return String(begun.reversed().drop(while: \.isWhitespace).reversed())
    }
}
