import SystemCalls

extension DockerFailure {
    /// The error for a complaint: what it means and what to do about it.
    func error(of complaint: DockerComplaint) -> ExecError {
        ExecError(complaint == .imageMissing ? .imageMissing : .engineFailed, "\(text(of: complaint))")
    }

    /// What was said. What a launcher says can't be told from what the engine behind it says.
    var quoted: String { "The engine\(engine.isLaunched ? " or its launcher" : "") said: \(messageText)" }
    private var image: String { configuration.image }
    /// What commands in a remedy need in addition if the engine isn't the default one.
    private var engineOption: String { engine.program == "docker" ? "" : " --engine \(engine.program)" }

    private func text(of complaint: DockerComplaint) -> String {
        if engine.isLaunched, let text = textOfLaunched(complaint) { return "\(text) \(quoted)" }
        return switch complaint {
        case .imageMissing:
            """
            The sandbox image \(image) is not on this machine. Build it with `exec-mcp image\(engineOption)` (or `make image` \
            in the exec-mcp directory), or pull your own with `\(engine.program) pull` and name it with --image.
            """
        case .imageNotSigned:
            """
            The engine looked for a signature of the image \(image) and found none. An image that was built here has \
            none: start the server without DOCKER_CONTENT_TRUST. \(quoted)
            """
        case .imageForOtherProcessor:
            """
            The image \(image) was built for another processor architecture than the engine's. Rebuild it with \
            `exec-mcp image\(engineOption)`, or name another with --image. \(quoted)
            """
        case .contextMissing:
            """
            The engine's command line is set to use a context or connection that does not exist. See `docker context \
            ls`, then correct DOCKER_CONTEXT or select another with `docker context use`. \(quoted)
            """
        case .certificateRefused:
            """
            \(DockerAddress(of: engine)?.description ?? "The container engine") and this machine don't trust each other's \
            certificates. The directory that DOCKER_CERT_PATH or the context names must have ca.pem (the authority of the \
            engine's certificate), cert.pem and key.pem (issued by the authority that the engine trusts, and not expired); \
            the engine's certificate must name its host; DOCKER_TLS_VERIFY=1 turns TLS on. \(quoted)
            """
        case .accountNotAllowed:
            """
            This account is not allowed to use the container engine. Add it to the group docker (`sudo usermod -aG \
            docker $USER`, then log in again) or use a rootless engine. \(quoted)
            """
        case .unreachable: unreachableText
        case .runtimeMissing:
            """
            The engine does not know the runtime \(configuration.runtime ?? "it is set to use"). Install it and \
            register it with the engine (docker: "runtimes" in /etc/docker/daemon.json), or omit --runtime. \(quoted)
            """
        case .networkMissing:
            """
            The engine has no network \(configuration.network). Create it with `\(engine.program) network create \
            \(configuration.network)`, or name another with --network. \(quoted)
            """
        case .mountRefused: mountText
        case .limitsRefused:
            """
            The engine cannot set the sandbox's limits on files and processes: they exceed the engine's own limits. \
            For podman, set default_ulimits in containers.conf to what `ulimit -Hn` and `ulimit -Hu` allow. \(quoted)
            """
        case .controlGroups:
            """
            The engine cannot limit memory, processors or processes with this machine's control groups. A rootless \
            engine needs cgroups version 2 with these controllers delegated to the user; on version 1, set podman's \
            runtime to runc, or use an engine that runs as root. \(quoted)
            """
        case .userIDsMissing:
            """
            The rootless engine has too few user ids for the sandbox. Give the account 65536 (`sudo usermod \
            --add-subuids 100000-165535 --add-subgids 100000-165535 $USER`), check that newuidmap is installed \
            (package uidmap), then restart the engine (`podman system migrate`). \(quoted)
            """
        case .flagUnknown:
            """
            The engine's command line \(engine.program) does not know an option that a sandbox needs. Use a current \
            Docker or Podman. \(quoted)
            """
        case .pythonMissing: "The image \(image) has no python3, which a sandbox needs. Use another image. \(quoted)"
        case .diskFull:
            """
            The engine's disk is full. Make room there: `\(engine.program) system df` shows what uses it. \(quoted)
            """
        }
    }

    /// What it means if it comes from the engine of a machine that a launcher has chosen; `nil` if that makes no
    /// difference.
    private func textOfLaunched(_ complaint: DockerComplaint) -> String? {
        switch complaint {
        case .imageMissing:
            """
            The sandbox image \(image) is missing on the machine where the launcher started the sandbox. Every machine \
            that it may choose needs it: build it there with `exec-mcp image\(engineOption)`, or copy it with \
            `\(engine.program) save` and `\(engine.program) load`.
            """
        case .unreachable:
            "The container engine is not running on the machine where the launcher started the sandbox. Start it there."
        case .mountRefused:
            """
            The machine where the launcher started the sandbox doesn't see \(mountedDirectory). Keep directories of \
            --tools, --skills and --workspace on a file system that all of the machines share, or do without them: \
            `--tools none --skills none`, and a --workspace that is not a directory.
            """
        default: nil
        }
    }

    private var unreachableText: String {
        if let address = DockerAddress(of: engine) {
            let start = address.program.map { "Start it (\($0))" } ?? "Start it there"
            return """
                \(address.description) does not answer. \(start), or \(address.correction), and call again. \(quoted)
                """
        }
        let start =
            engine.isPodman
            ? "`podman machine start` on macOS and Windows"
            : "Docker Desktop, OrbStack, `sudo systemctl start docker`, or `make image` in the exec-mcp directory"
        return "The container engine is not running. Start it (\(start)) and call again. \(quoted)"
    }

    /// The error if the engine could not mount a directory of this machine.
    private var mountText: String {
        if let refusedDirectory, !Files.isDirectory(refusedDirectory.path) {
            return """
                A mounted directory is gone: \(mountedDirectory). Restore it, or start the server with another. \(quoted)
                """
        }
        return """
            The engine cannot see \(mountedDirectory): it runs on another machine, or sees only part of this one's files (Docker \
            Desktop: Settings, Resources, File sharing; Colima and an engine from a snap: the home directory). Share \
            the directory with it, or do without it: `--tools none --skills none`, and a --workspace that is not a \
            directory. \(quoted)
            """
    }

    /// The directory that the message is about, if it names one.
    private var refusedDirectory: (option: String, path: String)? {
        sharedDirectories.first { messageText.contains($0.path) }
    }

    private var mountedDirectory: String {
        refusedDirectory.map { "the directory \($0.path), given by \($0.option)" } ?? "a directory of this machine"
    }

    private var sharedDirectories: [(option: String, path: String)] {
        var directories = configuration.skillsDirectories.map { ("--skills", $0) }
        if let tools = configuration.toolsDirectory { directories.append(("--tools", tools)) }
        if case .directory(let path, _) = configuration.workspace { directories.append(("--workspace", path)) }
        return directories
    }
}
