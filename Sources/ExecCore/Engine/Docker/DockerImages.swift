import ChildProcess

/// The part of the engine's command line that makes images.
extension DockerCLI {
    /// Builds an image from a context that is given over standard input.
    ///
    /// - Parameter builder: the name of the builder of BuildKit's to use.
    func command(for build: ImageBuild, builder: String) -> Command {
        // The host's network reaches whatever this machine reaches, a proxy on its loopback address included.
        var arguments = ["build", "--network", "host", "--force-rm", "--tag", build.name]
        arguments += build.labels.flatMap { ["--label", "\($0.name)=\($0.value)"] }
        let settings = (build.base.map { ["BASE_IMAGE=\($0)"] } ?? []) + build.settings
        arguments += settings.flatMap { ["--build-arg", $0] }
        if build.isFresh { arguments.append("--no-cache") }
        return Command(
            executable: program, arguments: arguments + ["-"],
            environment: environment.merging(["BUILDX_BUILDER": builder]) { $1 })
    }

    /// Prints the name of the context in use.
    func contextName() -> Command {
        Command(
            executable: program, arguments: ["context", "inspect", "--format", "{{.Name}}"], environment: environment)
    }

    /// Gives an image another name.
    func tag(_ image: String, as tag: String) -> Command {
        Command(executable: program, arguments: ["tag", image, tag], environment: environment)
    }

    /// Takes a name from an image, which is removed with its last one.
    func imageRemoval(_ image: String) -> Command {
        Command(executable: program, arguments: ["image", "rm", image], environment: environment)
    }

    /// Removes images with this label that have no name and that nothing uses.
    func pruneImages(label: String) -> Command {
        Command(
            executable: program, arguments: ["image", "prune", "--force", "--filter", "label=\(label)"],
            environment: environment)
    }
}
