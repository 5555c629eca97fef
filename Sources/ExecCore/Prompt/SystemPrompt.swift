import Diagnostics

/// The text that describes an agent's sandbox to it, generated from the configuration.
public struct SystemPrompt: Sendable {
    /// Maximum length of a skill's entry in characters, so that each costs under 100 tokens.
    private static let skillLimit = 390
    private static let skillNameLimit = 64
    private static let staleLimit = 120
    /// How many of the allowed hosts are listed.
    private static let maxListedHosts = 20
    /// How many characters of a module's description are quoted.
    private static let moduleLimit = 280

    private let configuration: SandboxConfiguration
    private let limits: Limits
    private let skills: [Skill]
    private let modules: [ToolModule]
    private let knowledge: LimitKnowledge
    private let bridgeSection: String?
    private let note: String?

    /// Creates a prompt about sandboxes with this configuration.
    ///
    /// - Parameters:
    ///   - knowledge: whether the engine enforces the limits. Limits that it doesn't enforce are not promised.
    ///   - bridgeSection: the section about tools that code can call through the bridge; `nil` for none.
    ///   - note: what else is to be known of texts that come out of the sandbox; `nil` for nothing.
    public init(
        configuration: SandboxConfiguration, limits: Limits, skills: [Skill], modules: [ToolModule],
        knowledge: LimitKnowledge = LimitKnowledge(), bridgeSection: String? = nil, note: String? = nil
    ) {
        self.configuration = configuration
        self.limits = limits
        self.skills = skills
        self.modules = modules
        self.knowledge = knowledge
        self.bridgeSection = bridgeSection
        self.note = note
    }

    /// The complete text, in Markdown.
    public var text: String {
        [introduction, sandbox, note, longRuns, skillSection, moduleSection, bridgeSection, artifacts, habits]
            .compactMap { $0 }.joined(separator: "\n\n") + "\n"
    }

    private var introduction: String {
        """
        # Agentic Code Execution with Domain Skills

        You can run code in a private Linux sandbox with these tools:

        - `execute_bash` runs a shell command. Each call is a new bash in /workspace; variables and `cd` do not carry \
        over, files do.
        - `py` in a command (`py <<'EOF'` … `EOF`, `py -c CODE`, `py FILE`) is Python that keeps its variables between \
        calls. It prints the last expression's value and saves open figures to /artifacts; see `py --help`.
        - `write_file` creates or replaces a file. Write programs to files and run them rather than quoting them in a \
        command.
        - `read_file` returns a text's lines, page by page, or shows a picture.
        - `read_docstring` returns the documentation of a Python function without running its file.
        """
    }

    private var sandbox: String {
        """
        ## The Sandbox

        - Python 3 with numpy, pandas, scipy, matplotlib, seaborn, plotly (HTML only), scikit-learn, statsmodels, \
        sympy and openpyxl. You are an ordinary user; the system is read-only.
        - /workspace \(workspaceSentence). /artifacts holds results for the user. /tmp is in memory and small.
        - \(limitSentence) A command has 30 seconds unless you pass `timeout` (at most \(limits.maxTimeout)). Output over \
        \(limits.output) bytes is cut in the middle, and the whole is kept in a file that the result names.
        - \(networkSentence)
        """
    }

    /// States the limits that are enforced as facts and the others as requests. Before the first sandbox it is unknown
    /// which are enforced.
    private var limitSentence: String {
        let parts: [(kinds: Set<LimitKind>, text: (String) -> String)] = [
            (knowledge.held, { "Limits: \($0)." }),
            (knowledge.broken, { "Keep within \($0), though nothing here enforces it." }),
            (
                Set(LimitKind.allCases).subtracting(knowledge.held).subtracting(knowledge.broken),
                { "Keep within \($0)." }
            ),
        ]
        return parts.filter { !$0.kinds.isEmpty }.map { part in
            part.text(amounts(LimitKind.allCases.filter(part.kinds.contains)))
        }.joined(separator: " ")
    }

    private func amounts(_ kinds: [LimitKind]) -> String {
        kinds.map { kind in
            switch kind {
            case .memory: "\(configuration.memory) memory"
            case .processors: "\(configuration.cpus) CPU"
            case .processes: configuration.pids.counted("process", "processes")
            }
        }.joined(separator: ", ")
    }

    private var workspaceSentence: String {
        switch configuration.workspace {
        case .persistent:
            "is yours and keeps its files between conversations (at most \(configuration.workspaceLimit))"
        case .ephemeral: "is in memory: its files are gone when the sandbox stops"
        case .directory: "is a directory of the user's machine: change files there with care"
        }
    }

    private var networkSentence: String {
        if !configuration.allowedHosts.isEmpty { return allowedHostsSentence }
        return configuration.network == "none"
            ? "There is no network. What is not in the sandbox cannot be fetched: work with what is there."
            : "There is a network: HTTP (Python's requests) and \(pipSentence) where it allows."
    }

    /// Downloads stay in /tmp until they are installed, and it has no room for very large packages.
    private var pipSentence: String {
        let place = configuration.workspace == .ephemeral ? "" : ", which lasts,"
        return "`pip install --user`\(place) work (large packages: `TMPDIR=/workspace pip …`)"
    }

    private var allowedHostsSentence: String {
        let hosts = configuration.allowedHosts
        let shown = hosts.prefix(Self.maxListedHosts).map { "`\($0)`" }.joined(separator: ", ")
        let rest = hosts.count > Self.maxListedHosts ? " and \(hosts.count - Self.maxListedHosts) more" : ""
        return """
            The only hosts that can be reached are \(shown)\(rest), over HTTP and HTTPS through the proxy that \
            HTTP_PROXY and HTTPS_PROXY name; requests and pip use it automatically. All else is refused: work with \
            what is there.
            """
    }

    private var longRuns: String {
        """
        ## Long Runs

        When a command's shell exits the call returns, and processes left in the background go on. For work over a \
        minute, start it in the background and look at its log in later calls:

        ```bash
        nohup python3 train.py > train.log 2>&1 &
        tail -n 20 train.log; pgrep -af train.py
        ```

        A timeout ends every process of its command. \(jobSentence)
        """
    }

    private var jobSentence: String {
        let hours = max(1, limits.jobTimeout / 3600)
        let bound = limits.jobTimeout == 0 ? "" : ", up to \(hours.counted("hour")) after your last call"
        return limits.idleTimeout == 0
            ? "Processes in the background live as long as the sandbox."
            : "Processes in the background keep the sandbox alive\(bound); if it ends between calls, a result says so."
    }

    private var skillSection: String {
        guard !skills.isEmpty else {
            return ["## Available Skills\n\nThere are none.", draftSentence].compactMap { $0 }.joined(separator: " ")
        }
        let entries = skills.map(entry(of:))
        return """
            ## Available Skills

            Before work in one of these fields, read the skill's file with `read_file`; it may name further files.

            \(entries.joined(separator: "\n"))
            """ + (draftSentence.map { "\n\n\($0)" } ?? "")
    }

    /// An agent may leave a draft where somebody can approve it.
    private var draftSentence: String? {
        guard configuration.skillStore != nil, configuration.keepsWorkspace else { return nil }
        return """
            A method worth keeping may go into /workspace/skills/NAME/ (SKILL.md, scripts, test_*.py): once a person \
            approves it, it is listed here.
            """
    }

    private func entry(of skill: Skill) -> String {
        let name = Self.shortened(skill.name, to: Self.skillNameLimit)
        let remark = Self.remark(on: skill)
        let frame = "- **\(name)**:  Read: `\(skill.sandboxPath)`\(remark)"
        let description = Self.shortened(skill.description, to: Self.skillLimit - frame.count)
        return "- **\(name)**: \(description) Read: `\(skill.sandboxPath)`\(remark)"
    }

    private static func remark(on skill: Skill) -> String {
        guard skill.provenance != nil else { return "" }
        guard let reason = skill.staleReason else { return " (agent-written, approved)" }
        return " (agent-written, approved; STALE: \(shortened(reason, to: staleLimit)))"
    }

    private var moduleSection: String? {
        guard !modules.isEmpty else { return nil }
        let entries = modules.map { module in
            let names = module.functions.map { "`\($0.prefix { $0.isLetter || $0.isNumber || $0 == "_" })`" }
            return "- `\(module.name)`: \(Self.shortened(module.description, to: Self.moduleLimit))"
                + (names.isEmpty ? "" : " Functions: \(names.joined(separator: ", ")).")
        }
        return """
            ## Python Modules in /tools

            On the import path. Look a function up with `read_docstring` (file /tools/NAME.py) before you call it.

            \(entries.joined(separator: "\n"))
            """
    }

    private var artifacts: String {
        """
        ## Artifacts

        Save what the user should get (charts, tables, documents) directly in /artifacts, under a clear name, at \
        most \(limits.artifactMebibytes) MB each, and say its name in your answer. Look at a chart with `read_file` \
        before you hand it over.
        """
    }

    private var habits: String {
        """
        ## Habits

        - Look before you write: list files, print the head of data, check its columns and types.
        - Read the exit code and stderr of each call. On an error, find its cause before you try again.
        - Compute numbers, never guess them; check results another way where that is cheap.
        """
    }

    /// Returns the text on one line, truncated if it is longer than `limit` characters.
    private static func shortened(_ text: String, to limit: Int) -> String {
        let line = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        guard line.count > limit else { return line }
        return line.prefix(limit - 1).trimmingBlanks + "…"
    }
}
