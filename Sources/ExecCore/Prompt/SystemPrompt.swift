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
    private let contents: ImageContents
    private let knowledge: LimitKnowledge
    private let bridgeSection: String?
    private let note: String?

    /// Creates a prompt about sandboxes with this configuration.
    ///
    /// - Parameters:
    ///   - contents: what the image has.
    ///   - knowledge: whether the engine enforces the limits. Limits that it doesn't enforce are not promised.
    ///   - bridgeSection: the section about tools that code can call through the bridge; `nil` for none.
    ///   - note: what else is to be known of texts that come out of the sandbox; `nil` for nothing.
    public init(
        configuration: SandboxConfiguration, limits: Limits, skills: [Skill], modules: [ToolModule],
        contents: ImageContents = .standard, knowledge: LimitKnowledge = LimitKnowledge(), bridgeSection: String? = nil,
        note: String? = nil
    ) {
        self.configuration = configuration
        self.limits = limits
        self.skills = skills
        self.modules = modules
        self.contents = contents
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

        You can run code in a private Linux sandbox:

        - `execute_bash` runs a shell command. Each call is a new bash in /workspace; variables and `cd` do not carry \
        over, files do.
        - `py` in a command (`py <<'EOF'`, `py -c CODE`, `py FILE`) is Python that keeps its variables between calls, \
        prints the last expression's value and saves open figures to /artifacts; see `py --help`.
        - `write_file` creates or replaces a file. Write programs to files rather than quoting them in a command.
        - `read_file` returns a text's lines, page by page, or shows a picture.
        - `read_docstring` returns a Python function's documentation.
        """
    }

    private var sandbox: String {
        """
        ## The Sandbox

        - \(softwareSentence) You aren't root; the system is read-only.
        - /workspace \(workspaceSentence). /tmp is in memory and small.
        - \(limitSentence) A command has 30 seconds unless you pass `timeout` (at most \(limits.maxTimeout)). Output over \
        \(limits.output) bytes is cut in the middle; the result names a file with all of it.
        - \(networkSentence)
        """
    }

    private var softwareSentence: String {
        let more =
            contents.added.joined(separator: ", ") + (contents.unlisted > 0 ? " and \(contents.unlisted) more" : "")
        switch contents.variant {
        case .standard:
            return """
                Python 3 with \(Self.packages)\(more.isEmpty ? "" : "; added: \(more)"); git, jq, rg, sqlite3 and make.
                """
        case .slim:
            let python = more.isEmpty ? "Python 3 without packages" : "Python 3 with \(more)"
            return "\(python); curl, jq and unzip. Skills and modules below may need packages that are missing."
        case nil:
            return "Python 3; `python3 -m pip list` shows its packages."
        }
    }

    private static let packages = """
        numpy, pandas, polars, pyarrow, duckdb, scipy, scikit-learn, statsmodels, sympy, networkx, matplotlib, seaborn, \
        plotly (HTML only), openpyxl, python-docx, python-pptx, reportlab, pypdf, lxml and beautifulsoup4
        """

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
            ? "There is no network: work with what is there."
            : "There is a network: HTTP (curl, requests) where it allows. \(pipSentence)"
    }

    private var pipSentence: String {
        let uv = contents.variant == .standard ? " (or `uv pip install`)" : ""
        return "`pip install NAME`\(uv) works" + (configuration.keepsWorkspace ? " and lasts." : ".")
    }

    private var allowedHostsSentence: String {
        let hosts = configuration.allowedHosts
        let shown = hosts.prefix(Self.maxListedHosts).map { "`\($0)`" }.joined(separator: ", ")
        let rest = hosts.count > Self.maxListedHosts ? " and \(hosts.count - Self.maxListedHosts) more" : ""
        return """
            The only hosts that can be reached are \(shown)\(rest), over HTTP(S) through HTTPS_PROXY, as curl, requests \
            and pip do. With a package index, \(pipSentence)
            """
    }

    private var longRuns: String {
        """
        ## Long Runs

        A call ends with its shell; background processes go on. Start work over a minute there, and look at its log:

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
            ? "Background processes live as long as the sandbox."
            : "Background processes keep the sandbox alive\(bound); if it ends between calls, a result says so."
    }

    private var skillSection: String {
        guard !skills.isEmpty else {
            return ["## Available Skills\n\nThere are none.", draftSentence].compactMap { $0 }.joined(separator: " ")
        }
        let entries = skills.map(entry(of:))
        return """
            ## Available Skills

            Before work in one of these fields, read its file with `read_file`.

            \(entries.joined(separator: "\n"))
            """ + (draftSentence.map { "\n\n\($0)" } ?? "")
    }

    /// An agent may leave a draft where somebody can approve it.
    private var draftSentence: String? {
        guard configuration.skillStore != nil, configuration.keepsWorkspace else { return nil }
        return """
            Put methods worth keeping into /workspace/skills/NAME/ (SKILL.md, scripts, test_*.py): once a person approves \
            them, they are listed here.
            """
    }

    /// The path names the skill, unless its directory is called otherwise.
    private func entry(of skill: Skill) -> String {
        let name = Self.shortened(skill.name, to: Self.skillNameLimit)
        let title = skill.name == skill.directoryName ? "" : "**\(name)** "
        let frame = "- \(title)`\(skill.sandboxPath)`\(Self.remark(on: skill)): "
        let packages = skill.listsPackages && configuration.hasWayOut ? Self.packageOffer : ""
        let rest = max(1, Self.skillLimit - frame.count - packages.count)
        return frame + Self.shortened(skill.description, to: rest) + packages
    }

    /// Offers the packages that a skill lists, if they can be fetched.
    private static let packageOffer = " For its packages: `pip install -r \(Skill.packageList)` there."

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

            On the import path. Look functions up with `read_docstring` (file /tools/NAME.py) first.

            \(entries.joined(separator: "\n"))
            """
    }

    private var artifacts: String {
        """
        ## Artifacts

        Save what the user should get directly in /artifacts, under a clear name, at most \
        \(limits.artifactMebibytes) MB each, and name it in your answer. Look at a chart with `read_file` first.
        """
    }

    private var habits: String {
        """
        ## Habits

        - Look before you write: list files, print the head of data, check its columns and types.
        - Read each call's exit code and stderr. On an error, find its cause before you try again.
        - Compute numbers, never guess them; check results another way.
        """
    }

    /// Returns the text on one line, truncated if it is longer than `limit` characters.
    private static func shortened(_ text: String, to limit: Int) -> String {
        let line = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        guard line.count > limit else { return line }
        return line.prefix(limit - 1).trimmingBlanks + "…"
    }
}
