/// What an engine's command line complains about, as far as its messages show.
enum DockerComplaint: Sendable, Equatable, CaseIterable {
    case imageNotSigned
    case imageMissing
    case imageForOtherProcessor
    case contextMissing
    case certificateRefused
    case accountNotAllowed
    case unreachable
    case runtimeMissing
    case networkMissing
    case mountRefused
    case limitsRefused
    case controlGroups
    case userIDsMissing
    case flagUnknown
    case pythonMissing
    case diskFull

    /// Classifies the message `text`; `nil` if it isn't recognized. The first matching case, in declaration order,
    /// wins.
    init?(_ text: String) {
        // Warnings precede the failure and are about something else.
        let text = text.lowercased().split { $0 == "\n" || $0 == "\r" }
            .filter { line in !Self.warnings.contains(where: line.contains) }.joined(separator: "\n")
        guard let found = Self.allCases.first(where: { $0.signs.contains { $0.isIn(text) } }) else { return nil }
        self = found
    }

    /// A pattern for a message: it contains all of `words` and none of `never`.
    private struct Sign {
        let words: [String]
        let never: [String]

        init(_ words: String..., never: [String] = []) {
            self.words = words
            self.never = never
        }

        func isIn(_ text: String) -> Bool {
            words.allSatisfy(text.contains) && !never.contains(where: text.contains)
        }
    }

    /// Slurm's programs, as launchers, speak of its own limits and files, in words like an engine's.
    private static let warnings = [
        "level=warning", "warn[", "warning:", "ignored on cgroups v1", "srun: ", "slurmstepd",
    ]

    /// Words that only a daemon that answers uses, or that refer to a machine other than the engine, such as a
    /// registry.
    private static let notOfTheEngine = ["response from daemon", "notary", "trust", "registry", "/v2/", "pull"]

    private var signs: [Sign] {
        switch self {
        case .imageNotSigned:
            [Sign("notary"), Sign("trust data"), Sign("content trust"), Sign("no valid trust")]
        case .imageMissing:
            [
                Sign("no such image"), Sign("unable to find image"), Sign("image not known"), Sign("no such object"),
                Sign("image not found", never: ["platform"]), Sign("not available locally"),
                Sign("image not available"),
            ]
        case .imageForOtherProcessor:
            [
                Sign("does not match the specified platform"), Sign("does not match the detected host platform"),
                Sign("exec format error"), Sign("no image found in", "for architecture"),
                Sign("no matching manifest"), Sign("does not provide the specified platform"),
            ]
        case .contextMissing:
            [
                Sign("context", "not found", "meta"), Sign("context not found"), Sign("current context", "not found"),
                Sign("connection", "not found", "podman system connection"),
            ]
        case .certificateRefused:
            [
                Sign("error during connect", "x509:"), Sign("error during connect", "tls:"),
                Sign("check your tls client certification settings"),
                Sign("unable to resolve docker endpoint", ".pem"), Sign("could not load x509 key pair"),
                Sign("could not read ca certificate"),
                Sign("client sent an http request to an https server"),
                Sign("server gave http response to https client", never: Self.notOfTheEngine),
            ]
        case .accountNotAllowed:
            [
                Sign("permission denied", "while trying to connect"), Sign("permission denied", "dial unix"),
                Sign("permission denied", "docker.sock"), Sign("permission denied", "podman.sock"),
                Sign("permission denied", "containerd.sock"),
            ]
        case .unreachable:
            [
                Sign("cannot connect to the docker daemon"), Sign("is the docker daemon running"),
                Sign("failed to connect to the docker api"), Sign("error during connect"),
                Sign("cannot connect to podman"), Sign("unable to connect to podman"),
                Sign("cannot access containerd socket"), Sign("failed to dial", "containerd"),
                Sign("rootless containerd not running"), Sign("docker desktop is not running"),
                Sign("docker desktop", "unable to start"), Sign("dial unix", "no such file or directory"),
                Sign("connection refused", never: Self.notOfTheEngine),
                Sign("i/o timeout", never: Self.notOfTheEngine),
            ]
        case .runtimeMissing:
            [
                Sign("unknown or invalid runtime name"), Sign("unknown runtime specified"),
                Sign("oci runtime", "not found", "invalid argument"), Sign("default oci runtime", "not found"),
                Sign("requested oci runtime", "is not available"), Sign("containerd-shim", "not found"),
                Sign("runtime", "binary not installed"),
            ]
        case .networkMissing:
            [
                Sign("network", "not found", never: ["python3", "oci runtime"]), Sign("no such network"),
                Sign("unable to find network"),
            ]
        case .mountRefused:
            [
                Sign("bind source path does not exist"), Sign("mounts denied"), Sign("is not shared from the host"),
                Sign("error while creating mount source path"), Sign("statfs", "no such file or directory"),
                Sign("failed to stat", "no such file or directory", never: ["cgroup"]),
                Sign("mount source path", "file exists"),
            ]
        case .limitsRefused:
            [Sign("rlimit", "not permitted"), Sign("rlimit", "invalid argument")]
        case .controlGroups:
            [
                Sign("cgroup"), Sign("cpu cfs"), Sign("nanocpus can not be set"),
                Sign("controller", "is not available"),
            ]
        case .userIDsMissing:
            [
                Sign("no subuid ranges"), Sign("no subgid ranges"), Sign("newuidmap"), Sign("newgidmap"),
                Sign("not", "enough ids available"), Sign("setresuid", "invalid argument"),
                Sign("setresgid", "invalid argument"), Sign("setuid", "invalid argument"),
                Sign("setgid", "invalid argument"), Sign("setgroups", "invalid argument"),
            ]
        case .flagUnknown:
            [Sign("unknown flag"), Sign("unknown shorthand flag"), Sign("flag provided but not defined")]
        case .pythonMissing:
            [Sign("python3", "not found"), Sign("python3", "no such file")]
        case .diskFull:
            [Sign("no space left on device"), Sign("disk quota exceeded")]
        }
    }
}
