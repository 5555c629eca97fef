import Bridge
import CommandOptions
import Diagnostics
import ExecCore
import MCP
import SystemCalls

/// One run of `exec-mcp skills`.
struct SkillsSession: Sendable {
    private let action: SkillsArguments.Action
    private let name: String?
    private let own: SkillsArguments.Own
    private let options: Options
    private let scope: SkillScope
    private let store: SkillStore

    init(_ arguments: SkillsArguments, store: SkillStore) {
        action = arguments.action
        name = arguments.name
        own = arguments.own
        options = arguments.server
        scope = arguments.scope
        self.store = store
    }

    private var person: String { own.person ?? UserID.ofThisAccount.name }
    private var user: UserID { options.user }
    private var decision: SkillDecision { SkillDecision(person: person, time: time(nil), reason: own.reason) }

    /// - Returns: the exit status.
    func run() async -> Int32 {
        do {
            switch (action, name) {
            case (.drafts, _): try await listDrafts()
            case (.history, _): try printHistory()
            case (.show, let name?): try await show(name)
            case (.diff, let name?): try await showDifference(name)
            case (.approve, let name?): try await approve(name)
            case (.reject, let name?): try await reject(name)
            case (.revoke, let name?): try await revoke(name)
            default: break
            }
            return 0
        } catch is CancellationError {
            return Foreground.interruptedStatus
        } catch let error as UsageError {
            Self.complain(error.message)
        } catch {
            Self.complain("\(error)")
        }
        return 1
    }

    // MARK: - Look

    private func listDrafts() async throws {
        let index = try store.index(of: .user(user))
        let approved = Dictionary(
            try [scope, .shared].flatMap { try store.index(of: $0).current.map { ($0.key, $0.value) } }
        ) { first, _ in first }
        let installed = SkillCatalog.load(from: options.configuration.skillsDirectories).skills
        let listing = try await withReader { try await $0.drafts() }
        for draft in listing.drafts {
            let state =
                if let problem = draft.problems.first ?? SkillContent.defect(ofPaths: draft.entries.map(\.path)) {
                    "cannot be approved: \(VisibleText.line(problem, limit: 200))"
                } else if installed.contains(where: { $0.name == draft.name || $0.directoryName == draft.name }) {
                    "cannot be approved: an installed skill has this name"
                } else if approved[draft.name]?.digest == draft.digest {
                    "approved as version \(approved[draft.name]?.number ?? 0)"
                } else if let rejection = index.rejection(of: draft.name, digest: draft.digest) {
                    "rejected by \(rejection.person.singleLine(limit: 100))"
                } else if let version = approved[draft.name] {
                    "changed since version \(version.number)"
                } else {
                    "new"
                }
            let changed = Timestamp.text(secondsSince1970: draft.changed.upperBound)
            Self.say("\(VisibleText.line(draft.name, limit: 64))  \(changed)  \(draft.entries.count) files  \(state)")
        }
        if listing.drafts.isEmpty { Self.say("\(user) has no drafts") }
        if listing.isPartial { Self.say("and more; look at these first") }
    }

    private func show(_ name: String) async throws {
        let review = try await review(name)
        Self.write(DraftReview.text(of: review.content, columns: Self.columns) + "\n" + Self.report(of: review))
    }

    private func showDifference(_ name: String) async throws {
        let content = try await withReader { try await $0.draft(named: name) }.content()
        guard let approved = try approvedContent(name) else {
            if let version = try store.index(of: scope).current[name] {
                throw SkillStoreError(
                    """
                    the files of \(name), version \(version.number), are not those that were approved: nothing can be \
                    compared with them, and no session has them. Approve a draft anew, or exec-mcp skills revoke \(name)
                    """)
            }
            throw SkillStoreError(
                "no version of \(name) is approved, so all of it is new: exec-mcp skills show \(name)")
        }
        let difference = VisibleText.visible(LineDiff.text(from: approved, to: content))
        Self.write(VisibleText.rows(difference, columns: Self.columns))
    }

    private func printHistory() throws {
        for event in try store.index(of: scope).events where name == nil || event.name == name {
            switch event {
            case .approved(let version):
                let untrusted =
                    version.untrustedServers.isEmpty
                    ? "" : "; may derive from \(version.untrustedServers.joined(separator: ", "))"
                line(
                    version.approved, "approved", version.name,
                    "version \(version.number) by \(version.approver), draft of \(version.author), digest "
                        + "\(version.digest.prefix(16)), tests: \(version.tests)\(untrusted)")
            case .revoked(let name, let decision): line(decision.time, "revoked ", name, Self.text(of: decision))
            case .rejected(let name, let digest, let decision):
                line(decision.time, "rejected", name, "\(Self.text(of: decision)), digest \(digest.prefix(16))")
            }
        }
    }

    private func line(_ time: Int, _ event: String, _ name: String, _ rest: String) {
        Self.say("\(Timestamp.text(secondsSince1970: time))  \(event)  \(name)  \(rest.singleLine(limit: 1000))")
    }

    private static func text(of decision: SkillDecision) -> String {
        "by \(decision.person)" + (decision.reason.isEmpty ? "" : ": \(decision.reason)")
    }

    // MARK: - Decide

    private func approve(_ name: String) async throws {
        let review = try await review(name)
        // The report comes last, right before the question.
        Self.write("\(review.text(columns: Self.columns))\n\(Self.report(of: review))")
        try checkDigest(review.content.digest)
        if let obstacle = review.obstacles.first { throw SkillStoreError("\(name) cannot be approved: \(obstacle)") }
        guard review.warnings.isEmpty || !own.isConfirmed else {
            throw SkillStoreError(
                "\(name) is not approved: with something to look at (LOOK above), a person has to agree, not --yes")
        }
        let whom = own.isShared ? "all users" : "\(user)"
        try await confirm("Approve \(name) for \(whom)?")
        let version = try store.approve(review.content, in: scope) { number in
            SkillVersion(
                name: name, number: number, digest: review.content.digest, entries: review.content.entries,
                approver: person, approved: time(nil), author: user.name, written: review.draft.changed.upperBound,
                tests: review.testSentence, untrustedServers: review.untrustedServers,
                requirements: review.requirements)
        }
        Self.say("approved: \(name), version \(version.number), for \(whom); sandboxes that start from now on have it")
    }

    private func reject(_ name: String) async throws {
        let draft = try await withReader { try await $0.draft(named: name) }
        try checkDigest(draft.digest)
        try store.reject(name, digest: draft.digest, of: user, decision)
        Self.say("rejected: \(name), until it changes")
    }

    private func revoke(_ name: String) async throws {
        guard let version = try store.index(of: scope).current[name] else {
            throw SkillStoreError("\(name) is not approved\(own.isShared ? " for all users" : "")")
        }
        try await confirm("Revoke \(name), version \(version.number)?")
        try store.revoke(name, in: scope, decision)
        Self.say("revoked: \(name), version \(version.number)")
    }

    private func checkDigest(_ digest: String) throws(SkillStoreError) {
        guard let wanted = own.digest, !digest.hasPrefix(wanted) else { return }
        throw SkillStoreError("the draft has changed: its digest is \(digest) now")
    }

    private func confirm(_ question: String) async throws(SkillStoreError) {
        guard !own.isConfirmed else { return }
        guard isatty(STDIN_FILENO) == 1 else {
            throw SkillStoreError("nobody can be asked, because standard input is not a terminal: a script needs --yes")
        }
        Logger.writeToStandardError("\(question) Type yes: ")
        let answer = await withTaskCancellationHandler {
            readLine()
        } onCancel: {
            // Nothing is open, and nothing else ends the wait for a line.
            _exit(Foreground.interruptedStatus)
        }
        guard answer?.trimmingSpaces == "yes" else { throw SkillStoreError("nothing was changed") }
    }

    // MARK: - Parts

    private func review(_ name: String) async throws -> DraftReview {
        var draft = try await withReader { try await $0.draft(named: name) }
        draft.author = user.name
        let content: SkillContent
        do {
            content = try draft.content()
        } catch {
            throw SkillStoreError(
                "the draft \(name) cannot be approved: \(VisibleText.line(error.message, limit: 1000))")
        }
        let trial = try await DraftTrial(options, testSeconds: own.testSeconds, locateEngine: locateEngine).run(content)
        let declarations = try await declarations(for: trial)
        let installed = SkillCatalog.load(from: options.configuration.skillsDirectories).skills
        return DraftReview(
            draft: draft, content: content, trial: trial,
            requirements: SkillRequirements(declarations ?? [])
                .requirements(of: trial.modules, isPinned: declarations != nil),
            isPinned: declarations != nil,
            untrustedServers: try store.untrustedServers(of: user, changed: draft.changed),
            approved: try approvedContent(name),
            isInstalled: installed.contains { $0.name == name || $0.directoryName == name },
            occupant: SkillCatalog.occupant(of: name, in: options.configuration.skillsDirectories),
            // Once it has been agreed to, a later version is nothing new.
            shared: try own.isShared || store.index(of: scope).current[name] != nil
                ? nil : store.index(of: .shared).current[name])
    }

    /// What the servers' tools declare now; `nil` if no servers were named, or none is needed.
    private func declarations(for trial: DraftTrial.Result) async throws -> [ServerDeclaration]? {
        guard !trial.modules.isEmpty else { return nil }
        let logger = Logger(program: "exec-mcp", level: .warning)
        guard let bridge = try BridgeSetup.bridge(options, audit: nil, logger: logger) else { return nil }
        let declarations = await bridge.currentDeclarations(for: user)
        await bridge.close()
        return declarations
    }

    private func approvedContent(_ name: String) throws(SkillStoreError) -> SkillContent? {
        guard let version = try store.index(of: scope).current[name] else { return nil }
        return try? store.content(of: version, in: scope)
    }

    private var locateEngine: @Sendable () throws(ExecError) -> any ContainerEngine {
        { [options] () throws(ExecError) in
            // A sandbox for a person has other directories than the pods of a pool.
            var kubernetes = options.kubernetes
            kubernetes.warmPool = nil
            return try EngineLocator(
                environment: Environment.variables, location: options.engineLocation, launcher: options.launcher
            ).engine(named: options.engine, kubernetes: kubernetes)
        }
    }

    private func withReader<Value: Sendable>(
        _ body: (DraftReader) async throws -> Value
    ) async throws -> Value {
        let reader = try DraftReader(options, locateEngine: locateEngine)
        let outcome: Result<Value, any Error>
        do {
            outcome = .success(try await body(reader))
        } catch {
            outcome = .failure(error)
        }
        // Not a child task: after an interruption, the sandbox still has to end.
        await Task.detached { await reader.close() }.value
        return try outcome.get()
    }

    private static var columns: Int { Descriptors.size(of: STDOUT_FILENO).columns }

    private static func report(of review: DraftReview) -> String {
        // Programs that read the report find each line whole.
        review.report(columns: columns, breaksLines: Descriptors.isTerminal(STDOUT_FILENO))
    }

    private static func write(_ text: String) {
        Descriptors.write(Array(text.utf8), to: STDOUT_FILENO)
    }

    private static func say(_ line: String) {
        write(line + "\n")
    }

    private static func complain(_ message: String) {
        Logger.writeToStandardError("exec-mcp: \(message.singleLine(limit: 10_000))\n")
    }
}

extension String {
    fileprivate var trimmingSpaces: String {
        String(drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
    }
}
