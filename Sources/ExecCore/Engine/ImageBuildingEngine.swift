/// An engine that can also build the sandbox's image.
public protocol ImageBuildingEngine: ContainerEngine {
    /// Builds an image. Cancelling the task ends the build.
    ///
    /// - Parameter onLine: called with each line of the engine's output, without control characters.
    /// - Throws: ``ImageBuildError``, `CancellationError`, or an error if nothing could be started.
    func build(_ build: ImageBuild, onLine: @escaping @Sendable (String) -> Void) async throws

    /// Downloads an image from the registry that its name names. Cancelling the task ends the download.
    ///
    /// - Parameter onLine: called with each line of the engine's output, without control characters.
    /// - Throws: ``ExecError`` with the engine's message, `CancellationError`, or an error if nothing could be started.
    func pull(_ image: String, onLine: @escaping @Sendable (String) -> Void) async throws

    /// Gives an image an additional name, and removes that name from the image that had it.
    ///
    /// - Throws: ``ExecError`` with the engine's message, or an error if the engine could not be run.
    func addName(_ tag: String, to image: String) async throws

    /// Removes a name from an image; the image goes with its last name. Ignores failures, because it may not exist.
    func removeImage(_ image: String) async

    /// Removes unnamed and unused images with the label `label`. Ignores failures.
    func removeUnusedImages(labelled label: String) async
}

/// An image to build, independent of the engine.
public struct ImageBuild: Sendable {
    /// The image's name.
    package let name: String
    /// The base image; `nil` for the recipe's own.
    package let base: String?
    /// The labels of the image.
    package let labels: [ContainerSpec.Pair]
    /// Build arguments, `NAME=VALUE`. They don't stay in the image.
    package let settings: [String]
    /// Whether to ignore the caches of earlier builds.
    package let isFresh: Bool
    /// The build context: a tar archive.
    package let context: [UInt8]
}

/// Why an image could not be built, as far as the engine knows.
public struct ImageBuildError: Error, Sendable, Equatable {
    /// How the engine's build ended, in a few words.
    let summary: String
    /// What a program of the build said of its failure; `nil` if none said anything.
    let cause: String?
    /// The last line of the engine's output; `nil` if there was none.
    let lastLine: String?
    /// What is wrong, if the engine could not be reached at all.
    let engineError: ExecError?
    /// Whether the engine's last output is about an image that it tried to pull.
    let isAboutFetching: Bool
}
