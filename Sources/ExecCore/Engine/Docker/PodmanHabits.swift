import SystemCalls

/// Where podman's defaults differ from docker's.
extension DockerCLI {
    private static let scriptLimit = 4096
    private static let podmanProcesses: UInt64 = 16_384

    /// Whether the program is podman under any name: a link to it, or a script that starts it, such as the `docker`
    /// script of some distributions.
    var isPodman: Bool {
        // Behind a launcher, a bare name is that of a program elsewhere.
        let path = program.contains("/") ? Files.realPath(program) ?? program : program
        if path.split(separator: "/").last?.hasPrefix("podman") == true { return true }
        guard path.contains("/"), let text = Files.read(path, limit: Self.scriptLimit),
            text.starts(with: Array("#!".utf8))
        else { return false }
        return String(decoding: text, as: UTF8.self).contains("podman")
    }

    /// The template for a container label's value in the format of `ps`.
    func labelTemplate(_ name: String) -> String {
        isPodman ? "{{index .Labels \"\(name)\"}}" : "{{.Label \"\(name)\"}}"
    }

    /// The additional arguments that a sandbox needs with this engine.
    var habitArguments: [String] {
        guard isPodman else { return [] }
        return [
            // Otherwise podman requests a million processes per user, which even root may not always have.
            "--ulimit", "nproc=\(min(HostLimits.processes ?? .max, Self.podmanProcesses))",
            // Otherwise podman mounts memory of unlimited size at these places of a read-only file system.
            "--tmpfs", "/run:ro,size=4k", "--tmpfs", "/var/tmp:ro,size=4k",
        ]
    }
}
