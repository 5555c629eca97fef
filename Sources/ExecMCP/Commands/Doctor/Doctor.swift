import Bridge
import CommandOptions
import Diagnostics
import ExecCore
import SystemCalls
import Threading

/// Checks the setup, from the engine's command line to the end of a sandbox. Skips checks that depend on a failed one.
struct Doctor: Sendable {
    let options: Options
    var variables = Environment.variables

    /// Returns a report with a finding for every check, whatever happens. Takes a bounded time.
    func examine() async -> Report {
        var findings: [Finding] = []
        do throws(BlockedError) {
            let engine = try locate(&findings)
            try await reach(engine, &findings)
            if let finding = await rights(engine) {
                findings.append(finding)
                if finding.status == .failed { throw BlockedError() }
            }
            let orphans = try? await engine.orphanCount()
            if await hasImage(engine, &findings) {
                findings += await DoctorSandbox(options: options, engine: engine, variables: variables).findings()
            }
            findings.append(await leftovers(engine, before: orphans))
        } catch {}
        if let servers = await servers { findings.append(servers) }
        findings += [skills, tools].filter { finding in !findings.contains { $0.check == finding.check } }
        return Report(findings: Self.completed(findings))
    }

    /// Thrown after a failure that makes further checks impossible.
    private struct BlockedError: Error {}

    /// Returns the findings in order, with one added for each check that was not made.
    static func completed(_ findings: [Finding]) -> [Finding] {
        let cause = findings.first { $0.status == .failed }?.check
        let reason = cause.map { "\($0.rawValue) failed" } ?? "interrupted"
        let asked = Check.allCases.filter { check in
            ![.servers, .rights].contains(check) || findings.contains { $0.check == check }
        }
        return asked.map { check in
            findings.first { $0.check == check } ?? .notChecked(check, because: reason)
        }
    }

    private func locate(_ findings: inout [Finding]) throws(BlockedError) -> any ContainerEngine {
        do {
            let locator = EngineLocator(
                environment: variables, location: options.engineLocation, launcher: options.launcher)
            let engine = try locator.engine(named: options.engine, kubernetes: options.kubernetes)
            findings.append(.passed(.commandLine, engine.name))
            return engine
        } catch {
            findings.append(.failed(.commandLine, error))
            throw BlockedError()
        }
    }

    private func reach(_ engine: any ContainerEngine, _ findings: inout [Finding]) async throws(BlockedError) {
        guard !engine.isLaunched else {
            return findings.append(.passed(.engine, "the one on the machine that the launcher chooses each time"))
        }
        do {
            let start = ContinuousClock.now
            let versions = try await engine.versions()
            let seconds = start.duration(to: .now) / .seconds(1)
            var text = versions.server.map { "version \($0), command line \(versions.client)" } ?? versions.client
            if await engine.isRootless() == true { text += ", rootless" }
            if !engine.isLocal {
                let place = engine.address.map { " (\($0))" } ?? ""
                text += ", not on this machine\(place); it answers after \(Quantity.duration(seconds))"
            }
            findings.append(.passed(.engine, text))
        } catch {
            findings.append(.failed(.engine, error))
            throw BlockedError()
        }
    }

    /// Whether the account has every right that the engine needs; `nil` if there is nothing to grant.
    private func rights(_ engine: any ContainerEngine) async -> Finding? {
        do {
            guard let missing = try await engine.missingRights() else { return nil }
            guard !missing.isEmpty else { return .passed(.rights, "all that are needed") }
            return .failed(
                .rights, "this account may not: \(missing.joined(separator: ", "))",
                "\(options.kubernetes.manifestCommand) prints a role with all that is needed; bind it to the account.")
        } catch {
            return .failed(.rights, error)
        }
    }

    private func hasImage(_ engine: any ContainerEngine, _ findings: inout [Finding]) async -> Bool {
        let name = options.configuration.image
        guard !engine.fetchesImages else {
            findings.append(.passed(.image, "\(name), which the nodes fetch when they need it"))
            return true
        }
        guard !engine.isLaunched else {
            findings.append(.passed(.image, "\(name), which each of the launcher's machines needs"))
            return true
        }
        do {
            let image = try await engine.image(name)
            let digest = image.id.split(separator: ":").last.map { String($0.prefix(12)) } ?? image.id
            let age = image.created.map { ", \(Quantity.age(time(nil) - $0))" } ?? ""
            findings.append(.passed(.image, "\(name), \(digest), \(Quantity.bytes(image.size))\(age)"))
            return true
        } catch {
            findings.append(.failed(.image, error))
            return false
        }
    }

    private func leftovers(_ engine: any ContainerEngine, before: Int?) async -> Finding {
        guard !engine.isLaunched else { return .notChecked(.leftovers, because: DoctorSandbox.reasonBehindLauncher) }
        let listing = engine.hints(for: options.engine).listContainers
        guard let before, let after = try? await engine.orphanCount() else {
            return .warning(.leftovers, "the engine does not list its containers", "Try `\(listing)`.")
        }
        if after > 0 {
            return .warning(
                .leftovers, "\(after.counted("container")) of servers that are gone",
                "The next start of a sandbox removes them; if it does not, look at `\(listing)`.")
        }
        return .passed(
            .leftovers, before > 0 ? "none; \(before) of servers that are gone were removed" : "none")
    }

    /// The skills as this machine sees them. ``DoctorSandbox`` checks them from inside the sandbox as well.
    private var skills: Finding {
        let directories = options.configuration.skillsDirectories
        guard !directories.isEmpty else {
            return missing(.skills, "none: no directory of skills", "Name one with --skills.")
        }
        let catalog = SkillCatalog.load(from: directories)
        let text = "\(catalog.skills.count) in \(directories.joined(separator: ", "))"
        guard let diagnostic = catalog.diagnostics.first else { return .passed(.skills, text) }
        let more = catalog.diagnostics.count > 1 ? " (and \(catalog.diagnostics.count - 1) more)" : ""
        return .warning(.skills, text, "\(diagnostic)\(more)")
    }

    /// A directory next to the program that isn't used was disabled on purpose, so only a missing one is worth a
    /// warning.
    private func missing(_ check: Check, _ found: String, _ remedy: String) -> Finding {
        Environment.companionDirectory(check.rawValue) == nil
            ? .warning(check, found, remedy) : .passed(check, "none, as requested")
    }

    /// The MCP servers that the options name; `nil` if they name none. Each is started and ended.
    private var servers: Finding? {
        get async {
            guard !options.mcpConfigFiles.isEmpty else { return nil }
            let log = Locked<[String]>([])
            let logger = Logger(program: "exec-mcp", level: .warning) { line in log.withLock { $0.append(line) } }
            let bridge: Bridge?
            do throws(UsageError) {
                bridge = try BridgeSetup.bridge(options, audit: nil, logger: logger)
            } catch {
                return .failed(.servers, error.message, "Correct the file.")
            }
            let reports = await bridge?.check(for: options.user) ?? []
            await bridge?.close()
            let text = reports.map { "\($0.name) \($0.tools)" }.joined(separator: ", ")
            let faults = reports.compactMap(\.failure) + log.withLock { $0 }
            guard let fault = faults.first else { return .passed(.servers, "tools: \(text)") }
            let more = faults.count > 1 ? " (and \(faults.count - 1) more: exec-mcp bridge check)" : ""
            return .warning(.servers, reports.isEmpty ? "none can be used" : "tools: \(text)", "\(fault)\(more)")
        }
    }

    private var tools: Finding {
        guard let directory = options.configuration.toolsDirectory else {
            return missing(.tools, "none: no directory of modules", "Name one with --tools.")
        }
        let count = ToolModule.load(from: directory).count
        return .passed(.tools, "\(count.counted("module")) in \(directory)")
    }
}
