/// The arguments of `docker run` for a container. No shell sees them.
struct DockerArguments: Sendable, Equatable {
    let container: ContainerSpec

    /// All of them, with the hardening that every container gets.
    var all: [String] {
        identity + withoutIdentity
    }

    /// All but what tells it apart from others like it.
    var withoutIdentity: [String] {
        hardening + resourceLimits + memoryDirectories + mounts + environment + program
    }

    private var identity: [String] {
        [
            "--interactive", "--rm", "--name", container.name, "--hostname", container.hostName,
            // Without a network the engine makes no entry for it, and programs that look their own host up fail.
            "--add-host", "\(container.hostName):127.0.0.1", "--pull", "never",
        ] + container.labels.flatMap { ["--label", "\($0.name)=\($0.value)"] }
    }

    private var hardening: [String] {
        let arguments = [
            // Otherwise the engine writes every byte of the channel to a log on disk as well.
            "--log-driver", "none",
            "--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges",
            "--network", container.network, "--ipc", "private", "--ulimit", "core=0",
            // A machine has so many open files in all: without this one sandbox could have them all.
            "--ulimit", "nofile=1024:4096",
            // The guest, as process 1, hears no gentler signal: without this the engine's stop would take ten seconds.
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

    /// They are everybody's, there being one user: podman takes no owner for them, and runc no other mode for a
    /// directory that the image has.
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

    /// A field of the comma-separated value that `--mount` takes; the engine reads it as CSV.
    private static func quotedField(_ field: String) -> String {
        // By bytes: with a combining mark behind it, a comma is no comma to Swift, and is one to the engine.
        let special = [UInt8(ascii: ","), UInt8(ascii: "\""), UInt8(ascii: "\n"), UInt8(ascii: "\r")]
        guard field.utf8.contains(where: special.contains) else { return field }
        let doubled = field.utf8.flatMap { $0 == UInt8(ascii: "\"") ? [$0, $0] : [$0] }
        return "\"" + String(decoding: doubled, as: UTF8.self) + "\""
    }
}
