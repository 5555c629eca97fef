import Diagnostics

/// Builds the sandbox's image with an engine.
///
/// A new image has a provisional name until it has been shown to work. Only then does it replace the old one.
public struct ImageBuilder: Sendable {
    /// How long the step of an interrupted build may take to end.
    private static let stepPatience = Duration.seconds(60)

    private let engine: any ImageBuildingEngine
    private let recipe: ImageRecipe
    /// Distinguishes this build from others.
    private let identifier: String
    /// The image's provisional name.
    public let candidate: String

    /// Creates a builder of images from `recipe`.
    public init(engine: any ImageBuildingEngine, recipe: ImageRecipe) {
        self.engine = engine
        self.recipe = recipe
        identifier = String(UInt64.random(in: 0...UInt64.max), radix: 36)
        candidate = "mcp-code-executor-candidate:\(identifier)"
    }

    /// Builds ``candidate``, to become `tag`. Cancelling the task ends the build.
    ///
    /// - Parameters:
    ///   - isFresh: whether to ignore the caches of earlier builds.
    ///   - onLine: called with each line of the engine's output, without control characters.
    /// - Throws: ``ExecError`` with the engine's last output.
    public func build(
        for tag: String, isFresh: Bool, environment: BuildEnvironment, onLine: @escaping @Sendable (String) -> Void
    ) async throws {
        let build = ImageBuild(
            name: candidate, base: recipe.base,
            labels: recipe.labels(for: tag),
            settings: ["\(ImageRecipe.stageArgument)=\(identifier)"] + (await environment.arguments()),
            isFresh: isFresh, context: recipe.context)
        do {
            try await engine.build(build, onLine: onLine)
        } catch let error as ImageBuildError {
            throw await explanation(of: error)
        }
    }

    /// Gives ``candidate`` the name `tag`, and removes the image that it replaces, which the engine would keep.
    ///
    /// - Throws: ``ExecError``.
    public func publish(as tag: String) async throws {
        let replaced = try? await engine.image(tag).labels[ImageRecipe.label]
        try await engine.addName(tag, to: candidate)
        // With the label's value: the image of another build may have no name yet.
        if let replaced { await engine.removeUnusedImages(labelled: "\(ImageRecipe.label)=\(replaced)") }
    }

    /// Removes the provisional name, and the first stage if the engine has kept it. Ignores failures.
    public func removeLeftovers() async {
        await engine.removeImage(candidate)
        await awaitEndOfSteps()
        await engine.removeUnusedImages(labelled: "\(ImageRecipe.stageLabel)=\(identifier)")
    }

    /// Waits until no step of the build runs any more. An engine without BuildKit ends that of an interrupted build only
    /// after its command line has ended, and an image is in use until then.
    private func awaitEndOfSteps() async {
        let label = EngineLabel(name: ImageRecipe.stageLabel, value: identifier)
        let start = ContinuousClock.now
        while start.duration(to: .now) < Self.stepPatience,
            let steps = try? await engine.containers(labelled: label, including: [], within: EngineTimeout.question),
            !steps.isEmpty
        {
            try? await Task.sleep(for: .milliseconds(100))
        }
    }

    private func explanation(of error: ImageBuildError) async -> ExecError {
        if let engineError = error.engineError { return engineError }
        if let cause = error.cause { return ExecError(.engineFailed, "The image could not be built: \(cause)") }
        let base = recipe.base ?? ImageRecipe.defaultBase
        if await !engine.hasImage(base), error.isAboutFetching {
            let local = await engine.hasImage(ImageRecipe.localBase)
            return ExecError(
                .imageMissing,
                """
                The base image \(base) is not on this machine and could not be pulled. If no registry can be reached, \
                name an image that is on this machine and has python3 (3.11 or newer) with pip: \
                `exec-mcp image --base \(local ? ImageRecipe.localBase : "NAME")`.
                """)
        }
        return ExecError(
            .engineFailed,
            "The image could not be built (\(error.summary)). The engine's last line: \(error.lastLine ?? "nothing")")
    }
}
