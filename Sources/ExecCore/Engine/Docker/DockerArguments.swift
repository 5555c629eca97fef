/// The arguments of `docker run` for a container. They are never passed through a shell.
struct DockerArguments: Sendable, Equatable {
    let container: ContainerSpec
    /// Whether the engine's command line has docker's option that keeps the image's content out of a volume.
    var knowsNoCopy = true

    /// All arguments, including the hardening that every container gets.
    var all: [String] {
        identity + withoutIdentity
    }

    /// All arguments except those that distinguish one container from others like it.
    var withoutIdentity: [String] {
        hardening + resourceLimits + memoryDirectories + mounts + environment + program
    }

    private var identity: [String] {
        [
            "--interactive", "--rm", "--name", container.name, "--hostname", container.hostName,
            // Without a network, the engine adds no hosts entry for it, and programs that resolve their own host name
            // fail.
            "--add-host", "\(container.hostName):127.0.0.1", "--pull", "never",
        ] + container.labels.flatMap { ["--label", "\($0.name)=\($0.value)"] }
    }

    private var hardening: [String] {
        let arguments = [
            // Otherwise the engine also writes every byte of the channel to a log on disk.
            "--log-driver", "none",
            "--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges",
            "--network", container.network, "--ipc", "private", "--ulimit", "core=0",
            // The machine has a global limit on open files, which one sandbox could otherwise exhaust.
            "--ulimit", "nofile=1024:4096",
            // As process 1, the guest doesn't receive a gentler signal: the engine's stop would otherwise take ten
            // seconds.
            "--stop-signal", "SIGKILL",
            "--user", "\(container.account.user):\(container.account.group)", "--workdir", "/",
        ]
        return arguments + (container.runtime.map { ["--runtime", $0] } ?? [])
    }

    private var resourceLimits: [String] {
        [
            "--memory", String(container.memory), "--memory-swap", String(container.memory),
            "--cpus", container.cpus, "--pids-limit", String(container.pids),
            "--shm-size", String(container.sharedMemory),
        ]
    }

    /// Writable for everybody, since there is only one user: podman accepts no owner for them, and runc ignores any
    /// other mode if the image has the directory.
    private var memoryDirectories: [String] {
        container.memoryDirectories.flatMap {
            ["--tmpfs", "\($0.path):rw,exec,nosuid,nodev,size=\($0.size),mode=1777"]
        }
    }

    private var mounts: [String] {
        container.mounts.flatMap { mount in
            let fields =
                switch mount {
                case .volume(let name, let target): ["type=volume", "source=\(name)", "target=\(target)"]
                case .files(let volume, let target):
                    ["type=volume", "source=\(volume)", "target=\(target)", "readonly"]
                        + (knowsNoCopy ? ["volume-nocopy"] : [])
                case .host(let source, let target, let isReadOnly):
                    ["type=bind", "source=\(source)", "target=\(target)"] + (isReadOnly ? ["readonly"] : [])
                }
            return ["--mount", fields.map(Self.quotedField).joined(separator: ",")]
        }
    }

    private var environment: [String] {
        container.environment.flatMap { ["--env", "\($0.name)=\($0.value)"] }
    }

    private var program: [String] {
        (container.command.first.map { ["--entrypoint", $0] } ?? []) + [container.image]
            + container.command.dropFirst()
    }

    /// Quotes a field of the comma-separated value of `--mount`, which the engine parses as CSV.
    private static func quotedField(_ field: String) -> String {
        // Compares bytes: a comma followed by a combining mark is a comma to the engine but not to Swift.
        let special = [UInt8(ascii: ","), UInt8(ascii: "\""), UInt8(ascii: "\n"), UInt8(ascii: "\r")]
        guard field.utf8.contains(where: special.contains) else { return field }
        let doubled = field.utf8.flatMap { $0 == UInt8(ascii: "\"") ? [$0, $0] : [$0] }
        return "\"" + String(decoding: doubled, as: UTF8.self) + "\""
    }
}
