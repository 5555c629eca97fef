import Bridge
import Diagnostics
import EmbeddedFiles
import ExecCore
import JSON

/// Looks at a draft's code and runs its tests, in a sandbox that is new, has no network, no tools of other servers and no
/// files but the draft's, and is thrown away. What runs there may lie about the tests, but reaches nothing.
struct DraftTrial: Sendable {
    /// What was found.
    struct Result: Sendable, Equatable {
        /// Files that are not Python, and why.
        var broken: [String] = []
        /// The modules of tool servers that code names, and which functions it uses of each; `nil` for any.
        var modules: [String: Set<String>?] = [:]
        /// Places where code may do what can't be seen from its text.
        var unclear: [String] = []
        /// Names in code with letters outside ASCII.
        var foreignNames: [String] = []
        /// What became of the tests.
        var tests = Tests.none
    }

    /// What became of a draft's own tests.
    enum Tests: Sendable, Equatable {
        case none
        case passed(String)
        /// With the reason and the end of what they printed.
        case failed(String, output: String)
    }

    private static let inspectionSeconds = 30.0
    /// The default of the time that all tests have together, in seconds.
    static let usualTestSeconds = 60
    private static let shownOutput = 2000

    private let options: Options
    private let testSeconds: Int
    private let locateEngine: @Sendable () throws(ExecError) -> any ContainerEngine

    /// - Parameter testSeconds: the time that all tests have together.
    init(
        _ options: Options, testSeconds: Int = usualTestSeconds,
        locateEngine: @escaping @Sendable () throws(ExecError) -> any ContainerEngine
    ) {
        self.options = options
        self.testSeconds = testSeconds
        self.locateEngine = locateEngine
    }

    /// - Throws: ``ExecError`` if there is no sandbox; ``SkillStoreError`` if the code can't be looked at.
    func run(_ content: SkillContent) async throws -> Result {
        let pool = SandboxPool(
            configuration: configuration, limits: Limits(), logger: Logger(program: "exec-mcp", level: .error) { _ in },
            locateEngine: locateEngine)
        let outcome: Swift.Result<Result, any Error>
        do {
            outcome = .success(try await run(content, in: pool))
        } catch {
            outcome = .failure(error)
        }
        // Not a child task: after an interruption, the sandbox still has to end.
        await Task.detached { await pool.close(grace: 1) }.value
        return try outcome.get()
    }

    private var configuration: SandboxConfiguration {
        var configuration = options.configuration
        configuration.workspace = .ephemeral
        configuration.network = "none"
        configuration.allowedHosts = []
        configuration.skillsDirectories = []
        configuration.skillStore = nil
        return configuration
    }

    private func run(_ content: SkillContent, in pool: SandboxPool) async throws -> Result {
        let directory = "/workspace/skills/\(content.name)"
        let user = UserID.trial()
        let helpers = JSON.array(ServerDeclaration.helperNames.map { .string($0) }).text
        // Names of files have no characters that mean anything to a shell.
        let paths = content.files.map(\.path).joined(separator: " ")
        let tests = content.files.map(\.path).filter {
            $0.split(separator: "/").last?.hasPrefix("test_") == true && $0.hasSuffix(".py")
        }
        let inspection = try await pool.withSandbox(of: user) { sandbox in
            for file in content.files { _ = try await sandbox.write(file.text, to: "\(directory)/\(file.path)") }
            let programs = [
                (EmbeddedFiles.commandPrograms["draft_findings.py"], "exec-mcp/draft_findings.py"),
                (EmbeddedFiles.commandPrograms["inspect_draft.py"], "exec-mcp/inspect_draft.py"),
                // Not beside the others: what is there, the draft's tests could import.
                (EmbeddedFiles.commandPrograms["run_tests.py"], "exec-mcp-tests.py"),
            ]
            for (program, path) in programs {
                _ = try await sandbox.write(program, to: "/tmp/\(path)")
            }
            return try await sandbox.execute(
                "exec python3 -I -S /tmp/exec-mcp/inspect_draft.py '\(helpers)' \(directory) \(paths)",
                timeout: Self.inspectionSeconds)
        }
        guard inspection.exitCode == 0, var result = Result(inspection.standardOutput) else {
            let said = inspection.standardError.singleLine(limit: 300)
            throw SkillStoreError("its Python files cannot be parsed\(said.isEmpty ? "" : ": \(said)")")
        }
        if result.broken.isEmpty, !tests.isEmpty { result.tests = await outcome(of: tests, directory, pool, user) }
        return result
    }

    private func outcome(
        of tests: [String], _ directory: String, _ pool: SandboxPool, _ user: UserID
    ) async -> Tests {
        do {
            let result = try await pool.withSandbox(of: user) { sandbox in
                try await sandbox.execute(
                    "cd \(directory) && exec python3 /tmp/exec-mcp-tests.py \(tests.joined(separator: " "))",
                    timeout: Double(testSeconds))
            }
            let output = String((result.standardError + result.standardOutput).suffix(Self.shownOutput))
            if result.timedOut { return .failed("they did not end within \(testSeconds) seconds", output: output) }
            guard result.exitCode == 0 else { return .failed("exit code \(result.exitCode)", output: output) }
            let last = result.standardOutput.split(separator: "\n").last.map(String.init) ?? ""
            return .passed(last.singleLine(limit: 100))
        } catch {
            return .failed("\(error)".singleLine(limit: 300), output: "")
        }
    }
}

extension DraftTrial.Result {
    /// Reads what `inspect_draft.py` printed.
    fileprivate init?(_ text: String) {
        guard let value = try? JSON.parse(text), let modules = value["modules"]?.objectValue else { return nil }
        func pairs(_ name: String) -> [String] {
            (value[name]?.arrayValue ?? []).compactMap(\.arrayValue).map { pair in
                pair.compactMap { $0.stringValue?.singleLine(limit: 300) }.joined(separator: ", ")
            }
        }
        broken = pairs("broken")
        unclear = pairs("unclear")
        foreignNames = pairs("foreign")
        for module in modules {
            self.modules[module.key] = .some(module.value.arrayValue.map { Set($0.compactMap(\.stringValue)) })
        }
    }
}
