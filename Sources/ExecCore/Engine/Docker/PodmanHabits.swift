import SystemCalls

/// What podman does otherwise than docker unless it is told not to.
extension DockerCLI {
    private static let scriptLimit = 4096
    private static let podmanProcesses: UInt64 = 16_384

    /// Whether it is podman's, under whatever name: a link to it, or a script that starts it, as distributions have one
    /// called docker.
    var isPodman: Bool {
        let path = Files.realPath(program) ?? program
        if path.split(separator: "/").last?.hasPrefix("podman") == true { return true }
        guard let text = Files.read(path, limit: Self.scriptLimit), text.starts(with: Array("#!".utf8)) else {
            return false
        }
        return String(decoding: text, as: UTF8.self).contains("podman")
    }

    /// The value of a container's label in the format of `ps`.
    func labelTemplate(_ name: String) -> String {
        isPodman ? "{{index .Labels \"\(name)\"}}" : "{{.Label \"\(name)\"}}"
    }

    /// What a sandbox needs besides the arguments that every engine gets.
    var habitArguments: [String] {
        guard isPodman else { return [] }
        return [
            // Otherwise it asks for a million processes a user, which not even every root may have.
            "--ulimit", "nproc=\(min(HostLimits.processes ?? .max, Self.podmanProcesses))",
            // Otherwise a read-only system has memory without bounds mounted in these places.
            "--tmpfs", "/run:ro,size=4k", "--tmpfs", "/var/tmp:ro,size=4k",
        ]
    }
}
