import ChildProcess

/// The part of the engine's command line that manages images.
extension DockerCLI {
    /// Builds an image from a context on standard input.
    ///
    /// - Parameter builder: the name of the BuildKit builder to use.
    func command(for build: ImageBuild, builder: String) -> Command {
        // The host's network reaches everything that this machine reaches, including a proxy on its loopback address.
        var arguments = ["build", "--network", "host", "--force-rm", "--tag", build.name]
        arguments += build.labels.flatMap { ["--label", "\($0.name)=\($0.value)"] }
        let settings = (build.base.map { ["BASE_IMAGE=\($0)"] } ?? []) + build.settings
        arguments += settings.flatMap { ["--build-arg", $0] }
        if build.isFresh { arguments.append("--no-cache") }
        return Command(
            executable: program, arguments: arguments + ["-"],
            environment: environment.merging(["BUILDX_BUILDER": builder]) { $1 })
    }

    /// Downloads an image.
    func pull(_ image: String) -> Command {
        Command(executable: program, arguments: ["pull", image], environment: environment)
    }

    /// Prints the name of the context in use.
    func contextName() -> Command {
        Command(
            executable: program, arguments: ["context", "inspect", "--format", "{{.Name}}"], environment: environment)
    }

    /// Gives an image an additional name.
    func tag(_ image: String, as tag: String) -> Command {
        Command(executable: program, arguments: ["tag", image, tag], environment: environment)
    }

    /// Removes a name from an image; the image goes with its last name.
    func imageRemoval(_ image: String) -> Command {
        Command(executable: program, arguments: ["image", "rm", image], environment: environment)
    }

    /// Removes unnamed and unused images with this label.
    func pruneImages(label: String) -> Command {
        Command(
            executable: program, arguments: ["image", "prune", "--force", "--filter", "label=\(label)"],
            environment: environment)
    }
}
