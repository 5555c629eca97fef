/// The part of the system prompt that tells an agent about the tools of MCP servers.
///
/// The same servers and tools give the same bytes, so that prompt caches keep working.
public struct PromptSection: Sendable {
    /// The default number of tokens for signatures, about 50 tools.
    public static let defaultBudget = 1_500
    /// The maximum number of tokens before the signatures.
    static let introductionLimit = 600

    private let modules: [ServerModule]
    private let budget: Int

    /// A section about these modules.
    ///
    /// - Parameter budget: the maximum number of tokens for signatures, by ``TokenEstimate``.
    public init(_ modules: [ServerModule], budget: Int = defaultBudget) {
        self.modules = modules.sorted { $0.module.utf8.lexicographicallyPrecedes($1.module.utf8) }
        self.budget = budget
    }

    /// The text in Markdown; `nil` without servers.
    public var text: String? {
        guard let example else { return nil }
        let start = introduction(example)
        return [start, serversLine(after: start), changes, signatures].compactMap { $0 }.joined(separator: "\n\n")
    }

    // MARK: Introduction

    private struct Example {
        let module: String
        let function: String
        let arguments: String
        /// Server and tool for a command line, by their real names if a shell takes these as they are.
        let words: String

        init(_ module: ServerModule, _ function: ToolFunction?) {
            self.module = module.module
            self.function = function?.python ?? "tool"
            let required = function?.parameters.filter(\.isRequired) ?? []
            arguments = required.prefix(3).map { "\($0.python)=…" }.joined(separator: ", ")
            let names = [(module.server, module.module), (function?.name ?? "tool", self.function)]
            words = names.map { Self.isPlain($0.0) ? $0.0 : $0.1 }.joined(separator: " ")
        }

        private static func isPlain(_ name: String) -> Bool {
            !name.hasPrefix("-") && !name.hasPrefix(".") && name.utf8.count <= PythonName.maxLength
                && PythonName.isASCIIWord(name, besides: "-.")
        }
    }

    /// A tool to show calls with: the first with one required parameter, or else one of the others.
    private var example: Example? {
        var best: (rank: Int, example: Example)?
        for module in modules {
            for function in module.functions {
                let required = function.parameters.filter(\.isRequired)
                let rank = abs(required.count - 1) * 2 + (function.rest == nil ? 0 : 1)
                if let best, best.rank <= rank { continue }
                best = (rank, Example(module, function))
            }
        }
        return best?.example ?? modules.first.map { Example($0, nil) }
    }

    private func introduction(_ example: Example) -> String {
        let call = "\(example.module).\(example.function)(\(example.arguments))"
        return """
            ## Tools of MCP Servers

            Programs outside the sandbox offer more tools. They are Python functions, one module per server, and exist \
            **only in code that `execute_bash` runs**; you can't call them directly. Paths given to them are the host's, \
            not the sandbox's.

            ```python
            from servers import \(example.module), search_tools, together
            print(\(call))
            ```

            - Find: `print(search_tools("words"))`, or `mcp search words` in bash. Look up: `read_docstring`, file \
            /mcp/servers/\(example.module).py, function \(example.function).
            - Results are plain data, failures raise `ToolError`, pictures and other files are paths.
            - Many calls: `together(\(example.module).\(example.function), [{…}, {…}])`. In bash: \
            `mcp call \(example.words) --json '{…}'`.
            - For one small call just make it. For several, write one script that prints only the answer.
            """
    }

    private func serversLine(after start: String) -> String {
        var line = "Servers (in quotes: words of their tools' names): "
        var spent = TokenEstimate.tokens(in: start + line)
        // Room for "and 1000 more: `mcp`".
        let limit = Self.introductionLimit - 12
        for (place, module) in modules.enumerated() {
            let topics = ServerTopics.line(of: module)
            let about = topics.isEmpty ? "" : ": \"\(topics)\""
            let content = module.isStarting ? "still starting" : "\(module.toolCount)\(about)"
            let entry = (place > 0 ? ", " : "") + "\(module.module) (\(content))"
            let cost = TokenEstimate.tokens(in: entry)
            guard spent + cost <= limit else {
                return line + "\(place > 0 ? " " : "")and \(modules.count - place) more: `mcp`"
            }
            spent += cost
            line += entry
        }
        return line
    }

    /// Which servers have tools that are not what they were; `nil` if none has.
    private var changes: String? {
        let changed = modules.filter { $0.changed > 0 }
        guard !changed.isEmpty else { return nil }
        let shown = changed.prefix(Self.shownChanges).map { "\($0.module) (\($0.changed))" }.joined(separator: ", ")
        let rest = changed.count > Self.shownChanges ? " and \(changed.count - Self.shownChanges) more" : ""
        return """
            Tools that have changed since they were first seen: \(shown)\(rest). Tell the user, who can look at the \
            changes with `exec-mcp bridge accept`.
            """
    }

    private static let shownChanges = 10

    // MARK: Signatures

    /// The signatures that fit the budget, dealt to the servers in turn.
    private var signatures: String {
        var shown = modules.map { _ in [Int]() }
        var room = budget
        let longest = min(ServerModule.maxTools, modules.map(\.functions.count).max() ?? 0)
        for number in 0..<longest {
            guard room > 0 else { break }
            for (place, module) in modules.enumerated() where number < module.functions.count {
                let heading = shown[place].isEmpty ? "# \(module.module)\n" : ""
                let cost = TokenEstimate.tokens(in: heading + module.functions[number].signature + "\n")
                guard cost <= room else { continue }
                room -= cost
                shown[place].append(number)
            }
        }
        let count = shown.reduce(0) { $0 + $1.count }
        let total = modules.reduce(0) { $0 + $1.toolCount }
        let isStarting = modules.contains(where: \.isStarting)
        let title =
            count == total && !isStarting
            ? "All signatures (COMPLETE, \(total))"
            : "Signatures (PARTIAL, \(count) of \(total)\(isStarting ? " so far" : ""); search for the others)"
        guard count > 0 else { return title + "." }
        var lines: [String] = []
        for (place, numbers) in shown.enumerated() where !numbers.isEmpty {
            lines.append("# \(modules[place].module)")
            lines += numbers.map { modules[place].functions[$0].signature }
        }
        return "\(title); `= ...` may be left out:\n\n```python\n\(lines.joined(separator: "\n"))\n```"
    }
}
