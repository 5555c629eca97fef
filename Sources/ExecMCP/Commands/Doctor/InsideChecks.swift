import Diagnostics
import ExecCore

/// The checks that evaluate the facts collected inside a sandbox.
struct InsideChecks {
    let options: Options
    let facts: SandboxFacts
    let hints: EngineHints

    private var configuration: SandboxConfiguration { options.configuration }

    var findings: [Finding] {
        [limits, isolation, network, workspace]
    }

    /// Whether the kernel enforces the requested limits; an engine may accept the options and ignore them.
    private var limits: Finding {
        let seen = facts.limits
        let broken = seen.broken(for: configuration)
        if broken.map(\.kind) == [.processes], EngineLocator.isCluster(options.engine) {
            return .warning(
                .limits, "the cluster's nodes don't limit processes as requested: \(broken[0])",
                "A node limits them for all of its pods alike: podPidsLimit in the configuration of its kubelet.")
        }
        guard broken.isEmpty else {
            return .failed(
                .limits,
                "the engine does not enforce the requested limits: "
                    + broken.map(\.description).joined(separator: ", "), SeenLimits.remedy)
        }
        if seen.allowsSwap == true {
            return .warning(
                .limits, "the sandbox may use swap beyond its memory",
                "The kernel does not account for swap: boot it with swapaccount=1, or turn swap off.")
        }
        let text =
            "\(configuration.memory) of memory, \(configuration.pids.counted("process", "processes")), \(configuration.cpus) "
            + (Double(configuration.cpus) == 1 ? "processor" : "processors")
        guard seen.hidden.isEmpty else {
            let hidden = seen.hidden.map(\.rawValue).joined(separator: ", ")
            return .warning(
                .limits, "\(text) requested; whether they hold cannot be seen from inside (\(hidden))",
                "Look at the control group of a sandbox from outside.")
        }
        return .passed(.limits, text)
    }

    private var isolation: Finding {
        let none = facts.capabilities?.allSatisfy { $0 == "0" } ?? false
        let properties: [(holds: Bool, good: String, bad: String)] = [
            (facts.uid != 0, "uid \(facts.uid)", "code runs as root"),
            (none, "no capabilities", "code has capabilities (\(facts.capabilities ?? "unknown"))"),
            (facts.noNewPrivileges == "1", "no new privileges", "code may gain privileges"),
            (
                facts.seccomp == "2" || facts.ownKernel != nil,
                facts.ownKernel.map { "its own kernel (\($0))" } ?? "system calls filtered",
                "system calls are not filtered"
            ),
            (facts.rootIsReadOnly, "read-only system", "the system's files can be written"),
            (!facts.process1IsOpen, "process 1 closed", "the memory of process 1 can be read"),
            (
                facts.engineSockets.isEmpty, "no engine inside",
                "an engine's socket is inside (\(facts.engineSockets.joined(separator: ", ")))"
            ),
        ]
        let broken = properties.filter { !$0.holds }
        guard broken.isEmpty else {
            return .failed(
                .isolation, broken.map(\.bad).joined(separator: "; "),
                """
                Do not run code that you do not trust on this engine. Use a current Docker or Podman with its default \
                seccomp profile, and an image that contains no socket.
                """)
        }
        return .passed(.isolation, properties.map(\.good).joined(separator: ", "))
    }

    private var network: Finding {
        guard let interfaces = facts.interfaces else {
            return .warning(
                .network, "\(configuration.network) requested; the interfaces cannot be seen",
                "Look at the network of a sandbox from outside.")
        }
        guard configuration.network == "none" else {
            return .passed(.network, "\(configuration.network), as requested: \(interfaces.joined(separator: ", "))")
        }
        let others = interfaces.filter { $0 != "lo" }
        guard !configuration.provesNoNetwork || others.isEmpty else {
            return .passed(.network, "\(others.joined(separator: ", ")), but every way out that was tried is closed")
        }
        guard others.isEmpty else {
            return .failed(
                .network, "none was requested, but there is \(others.joined(separator: ", "))",
                "This engine does not keep sandboxes off the network. Use a current Docker or Podman.")
        }
        let hosts = configuration.allowedHosts.map(\.description).joined(separator: ", ")
        return .passed(.network, hosts.isEmpty ? "none" : "none except the way to \(hosts)")
    }

    private var workspace: Finding {
        let kind =
            switch configuration.workspace {
            case .persistent: "persistent volume"
            case .ephemeral: "in memory"
            case .directory(let path, _): path
            }
        for place in ["workspace", "artifacts"] {
            guard let reason = facts.directory(place).reason else { continue }
            return .failed(
                .workspace, "\(kind): /\(place) cannot be written (\(reason))",
                "Give a directory to an ordinary user; for volumes, check the engine's disk (`\(hints.diskUsage)`).")
        }
        let free = facts.directory("workspace").free ?? 0
        let text = "\(kind), \(Quantity.bytes(free)) free"
        if configuration.workspace == .persistent, free < configuration.workspaceLimit.bytes {
            return .warning(
                .workspace, "\(text), less than the limit of \(configuration.workspaceLimit)",
                "Make room on the engine's disk (`\(hints.diskUsage)`), or lower --workspace-limit.")
        }
        return .passed(.workspace, text)
    }
}
