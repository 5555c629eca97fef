import Bridge
import CommandOptions
import Diagnostics
import ExecCore
import HostConfiguration
import JSON
import MCPServers
import SystemCalls

/// `exec-mcp bridge`: for the person who sets up MCP servers whose tools code in the sandbox calls.
struct BridgeCommand: Subcommand {
    fileprivate enum Action: String, CaseIterable {
        case check
        case importing = "import"
        case stubs
        case log
        case pending
        case approve
        case deny
        case rules
        case accept
    }

    let name = "bridge"
    let summary = "check, import and document the MCP servers of --mcp-config"

    var help: String {
        """
        Usage: exec-mcp bridge check --mcp-config FILE [OPTION VALUE]…
               exec-mcp bridge import HOST
               exec-mcp bridge stubs DIR --mcp-config FILE [OPTION VALUE]…
               exec-mcp bridge log --audit-log FILE [OPTION VALUE]…
               exec-mcp bridge pending [--json] [--user NAME]
               exec-mcp bridge approve ID [--session|--always] [--yes] [--user NAME]
               exec-mcp bridge deny (ID | --all) [--user NAME]
               exec-mcp bridge rules [SERVER] [--json] --mcp-config FILE [OPTION VALUE]…
               exec-mcp bridge rules --forget SERVER [TOOL] [--user NAME]
               exec-mcp bridge accept [SERVER [TOOL]…] [--yes] --mcp-config FILE [OPTION VALUE]…

          bridge check
              start every server, list its tools, and say which of them are refused or need a person's approval, why,
              and what would let them run
          bridge import HOST
              print the servers in an MCP host's own file in the format of --mcp-config; exec-mcp itself is left out
          bridge stubs DIR
              write the Python modules that code in the sandbox imports, so that a changed server is a difference in
              a review
          bridge log
              print the last calls that code in sandboxes made, from the audit log
          bridge pending
              print the calls of the user that wait for approval because nobody could be asked
          bridge approve ID
              show such a call, and let it be made once, with the same arguments; with --session, let the tool be called
              until the session ends that asked; with --always, for good. On a terminal it asks first, unless --yes is
              given.
          bridge deny ID
              refuse such a call, also one that was approved and not made yet; with --all, refuse all of them, and show
              them
          bridge rules [SERVER]
              start the servers, and print what would happen to calls of each tool, and why; with --forget, take back
              what was approved for good
          bridge accept [SERVER [TOOL]…]
              show what has changed in the servers' tools since they were first seen or accepted, and accept it after a
              question; --yes answers it

        The options are the server's own (exec-mcp --help).

        Exit status: 0 on success, 1 when a server (of check: or a part of a file) cannot be used, no such call
        waits, a change is not accepted, or something cannot be read or written, 2 for invalid arguments, 130 when
        interrupted.

        """
    }

    func run(_ arguments: [String], defaults: Options) throws(UsageError) -> Int32 {
        var request = Request()
        let parser = SubcommandParser(options: Request.options, program: ServerOption.all)
        let rest = try parser.parse(arguments, into: &request) { (argument, request) throws(UsageError) in
            let takesMore = request.words.count < 3 || request.words.first == Action.accept.rawValue
            guard !argument.text.hasPrefix("-"), takesMore else {
                throw UsageError(message: "bridge does not accept \(argument.quoted): exec-mcp bridge --help")
            }
            request.words.append(argument.text)
        }
        guard
            case .serve(let options) = try ServerOptionParser.parse(
                rest, environment: Environment.variables, defaults: defaults),
            let action = request.words.first.flatMap(Action.init), action.accepts(request)
        else {
            throw UsageError(
                message: """
                    bridge needs check, import HOST, stubs DIR, log, pending, approve ID, deny ID, rules or accept: \
                    exec-mcp bridge --help
                    """)
        }
        switch action {
        case .check: return try withBridge(options, isWhole: true) { await Self.check($0, options.user) }
        case .stubs:
            let directory = HostPath.expanded(request.words[1])
            return try withBridge(options) { await Self.writeStubs($0, options.user, to: directory) }
        case .importing: return try importServers(of: request.words[1])
        case .log: return try showLog(options)
        case .pending: return ApprovalCommands(options.user).showPending(asJSON: request.isJSON)
        case .approve:
            return ApprovalCommands(options.user).approve(request.words[1], try request.choice, request.isSure)
        case .deny:
            let commands = ApprovalCommands(options.user)
            return request.isAboutAll ? commands.denyAll() : commands.deny(request.words[1])
        case .rules:
            guard !request.forgets else {
                return ApprovalCommands(options.user).forget(request.words[1], request.words.dropFirst(2).first)
            }
            let (server, isJSON) = (request.words.dropFirst().first, request.isJSON)
            return try withBridge(options) { bridge in
                await RulesReport.show(bridge, options.user, server, asJSON: isJSON)
            }
        case .accept:
            let words = request.words.dropFirst()
            return try withBridge(options) { [isSure = request.isSure] bridge in
                await ChangeReview(
                    bridge: bridge, user: options.user, server: words.first, tools: Array(words.dropFirst()),
                    isConfirmed: isSure
                ).run()
            }
        }
    }

    fileprivate struct Request: Sendable {
        var words: [String] = []
        var isJSON = false
        var isSure = false
        var forgets = false
        var isAboutAll = false
        var lasts: [ApprovalStore.Choice] = []

        static let options: [CommandOptions.OptionDescription<Request>] = [
            .init(ofCommand: "--json") { _, request in
                request.isJSON = true
                return true
            },
            .init(ofCommand: "--yes") { _, request in
                request.isSure = true
                return true
            },
            .init(ofCommand: "--forget") { _, request in
                request.forgets = true
                return true
            },
            .init(ofCommand: "--all") { _, request in
                request.isAboutAll = true
                return true
            },
            .init(ofCommand: "--session") { _, request in
                request.lasts.append(.session)
                return true
            },
            .init(ofCommand: "--always") { _, request in
                request.lasts.append(.always)
                return true
            },
        ]

        /// What `approve` is to do.
        var choice: ApprovalStore.Choice {
            get throws(UsageError) {
                guard lasts.count < 2 else { throw UsageError(message: "choose one of --session and --always") }
                return lasts.first ?? .once
            }
        }
    }

    // MARK: - Servers

    /// - Parameter isWhole: whether it is a failure if a part of a file can't be used.
    private func withBridge(
        _ options: Options, isWhole: Bool = false, _ work: @escaping @Sendable (Bridge) async -> Int32
    ) throws(UsageError) -> Int32 {
        let logger = Logger(program: "exec-mcp", level: options.logLevel)
        var hasFaults = false
        guard let bridge = try BridgeSetup.bridge(options, audit: nil, logger: logger, onFault: { hasFaults = true })
        else {
            throw UsageError(message: "no servers: name a file that has some with --mcp-config")
        }
        let status = Foreground.run {
            let status = await work(bridge)
            await bridge.close()
            return status
        }
        return status == 0 && isWhole && hasFaults ? 1 : status
    }

    private static func check(_ bridge: Bridge, _ user: UserID) async -> Int32 {
        let width = bridge.serverNames.map { $0.singleLine(limit: 64).count }.max() ?? 0
        let reports = await bridge.check(for: user) { report in
            let name = report.name.singleLine(limit: 64).padded(to: width)
            let milliseconds = Int(report.seconds * 1000)
            if let failure = report.failure {
                print("FAIL  \(name)  \(failure.singleLine(limit: 1000))")
            } else {
                let asked = report.asked == 0 ? "" : ", " + report.asked.counted("needs", "need") + " approval"
                let refused = report.refused == 0 ? "" : ", \(report.refused) refused"
                let counts = "\(report.tools.counted("tool"))\(asked)\(refused)"
                print("ok    \(name)  \(counts); servers.\(report.module); \(milliseconds) ms")
                for refusal in report.refusals { print(text(of: refusal)) }
            }
        }
        return reports.allSatisfy { $0.failure == nil } ? 0 : 1
    }

    private static func text(of refusal: ServerReport.Refusal) -> String {
        let names = refusal.tools.prefix(shownTools).map { $0.singleLine(limit: 64) }.joined(separator: ", ")
        let rest = refusal.tools.count > shownTools ? " and \(refusal.tools.count - shownTools) more" : ""
        let what = refusal.needsApproval ? "a person is asked" : "refused"
        return """
                  \(what) by the rule \(refusal.rule.singleLine(limit: 100)): \(names)\(rest)
                    to let them run: \(refusal.remedy.singleLine(limit: 400))
            """
    }

    private static let shownTools = 100

    private static func writeStubs(_ bridge: Bridge, _ user: UserID, to directory: String) async -> Int32 {
        let failures = await bridge.check(for: user).compactMap(\.failure)
        for failure in failures { report(failure) }
        guard Files.isDirectory(directory) || mkdir(directory, 0o755) == 0 else {
            report("cannot make the directory \(directory): \(String(cString: strerror(errno)))")
            return 1
        }
        let modules = bridge.modules(for: user)
        for module in modules {
            let path = "\(directory)/\(module.name)"
            guard Self.write(module.content, to: path) else {
                report("cannot write \(path): \(String(cString: strerror(errno)))")
                return 1
            }
            print(path)
        }
        // Of servers that are gone; that they are is a difference too.
        for name in Files.names(in: directory) where !modules.contains(where: { $0.name == name }) {
            let path = "\(directory)/\(name)"
            guard name.hasSuffix(".py"), isStub(path), unlink(path) == 0 else { continue }
            print("removed \(path)")
        }
        return failures.isEmpty ? 0 : 1
    }

    private static func isStub(_ path: String) -> Bool {
        guard let content = Files.read(path, limit: stubLimit) else { return false }
        return String(decoding: content, as: UTF8.self).contains("\nfrom servers import _runtime as _r\n")
    }

    private static let stubLimit = 16 << 20

    private static func write(_ bytes: [UInt8], to path: String) -> Bool {
        guard let file = fopen(path, "w") else { return false }
        let isWritten = fwrite(bytes, 1, bytes.count, file) == bytes.count
        return fclose(file) == 0 && isWritten
    }

    // MARK: - Import

    private func importServers(of name: String) throws(UsageError) -> Int32 {
        guard let host = Host.all.first(where: { $0.name == name }) else {
            let names = Host.all.map(\.name).joined(separator: ", ")
            throw UsageError(message: "\(name.quotedArgument) is not a known host. The hosts are: \(names)")
        }
        guard let path = host.userFile(Platform(variables: Environment.variables)) else {
            Self.report("HOME is not set, so \(host.title)'s file cannot be found: set it")
            return 1
        }
        do throws(ServerConfigurationError) {
            let listed = try ServersFile.entries(in: path)
            var servers = JSONObject()
            for server in listed.servers
            where !BridgeConfiguration.isThisProgram(server.value, ownPath: Environment.programPath) {
                servers[server.key] = server.value
            }
            var file: JSONObject = ["mcpServers": .object(servers)]
            if !listed.inputs.isEmpty { file["inputs"] = .array(listed.inputs) }
            print(JSON.object(file).indented)
            return 0
        } catch {
            Self.report("\(path): \(error.message)")
            return 1
        }
    }

    // MARK: - Log

    private func showLog(_ options: Options) throws(UsageError) -> Int32 {
        guard let path = options.auditLog else {
            throw UsageError(message: "calls are recorded in the audit log alone: name it with --audit-log")
        }
        guard let text = Files.read(path, limit: Self.logLimit) else {
            Self.report("\(path) cannot be read, or has more than \(Self.logLimit) bytes")
            return 1
        }
        let lines = text.split(separator: UInt8(ascii: "\n")).suffix(Self.shownLines * 10)
        let calls = lines.compactMap { try? JSON.parse($0) }.filter { $0["sandbox"] != nil }
        for call in calls.suffix(Self.shownLines) {
            let words = ["time", "user", "command", "tool", "outcome", "duration_ms", "bytes", "rule"].map {
                (call[$0].map { $0.stringValue ?? $0.text } ?? "-").singleLine(limit: 200)
            }
            print(words.joined(separator: "  "))
        }
        return 0
    }

    private static let (shownLines, logLimit) = (1000, 256 << 20)

    private static func report(_ message: String) {
        Logger.writeToStandardError("exec-mcp: \(message.singleLine(limit: 10_000))\n")
    }
}

extension BridgeCommand.Action {
    fileprivate func accepts(_ request: BridgeCommand.Request) -> Bool {
        let words = request.words.count - 1
        let hasOnlyItsOwn =
            (!request.isJSON || [.pending, .rules].contains(self)) && (request.lasts.isEmpty || self == .approve)
            && (!request.isSure || [.approve, .accept].contains(self))
            && (!request.forgets || self == .rules && !request.isJSON) && (!request.isAboutAll || self == .deny)
        guard hasOnlyItsOwn else { return false }
        return switch self {
        case .accept: true
        case .check, .log, .pending: words == 0
        case .importing, .stubs, .approve: words == 1
        case .deny: words == (request.isAboutAll ? 0 : 1)
        case .rules: request.forgets ? (1...2).contains(words) : words < 2
        }
    }
}

extension JSON {
    /// The value on several lines, for people.
    var indented: String { indented("") }

    private func indented(_ margin: String) -> String {
        let inner = margin + "  "
        switch self {
        case .object(let members) where !members.isEmpty:
            let lines = members.map { "\(inner)\(JSON.string($0.key).text): \($0.value.indented(inner))" }
            return "{\n\(lines.joined(separator: ",\n"))\n\(margin)}"
        case .array(let elements) where elements.contains(where: { $0.objectValue != nil || $0.arrayValue != nil }):
            return "[\n\(elements.map { inner + $0.indented(inner) }.joined(separator: ",\n"))\n\(margin)]"
        default: return text
        }
    }
}
