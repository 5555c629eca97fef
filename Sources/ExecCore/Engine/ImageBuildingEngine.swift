/// An engine that can make the sandbox's image as well.
public protocol ImageBuildingEngine: ContainerEngine {
    /// Builds an image. When the task is cancelled the build is ended.
    ///
    /// - Parameter onLine: called with each line that the engine says meanwhile, without control characters.
    /// - Throws: ``ImageBuildError``, `CancellationError`, or an error that says why nothing could be started.
    func build(_ build: ImageBuild, onLine: @escaping @Sendable (String) -> Void) async throws

    /// Gives an image another name, and takes it from the image that has it.
    ///
    /// - Throws: ``ExecError`` with what the engine said, or an error that says why it could not be asked.
    func addName(_ tag: String, to image: String) async throws

    /// Takes a name from an image, which is removed with its last one. Failures don't matter: there may be none.
    func removeImage(_ image: String) async

    /// Removes images with the label `label` that have no name and that nothing uses. Failures don't matter.
    func removeUnusedImages(labelled label: String) async
}

/// An image to build, in no engine's own words.
public struct ImageBuild: Sendable {
    /// The image's name.
    package let name: String
    /// The image to build on; `nil` for the recipe's own.
    package let base: String?
    /// What the image is labelled with.
    package let labels: [ContainerSpec.Pair]
    /// Arguments of the build, `NAME=VALUE`. They don't stay in the image.
    package let settings: [String]
    /// Whether to use nothing of an earlier build.
    package let isFresh: Bool
    /// What it is built from: a tape archive.
    package let context: [UInt8]
}

/// Why an image could not be built, as far as the engine knows.
public struct ImageBuildError: Error, Sendable, Equatable {
    /// How the engine's build ended, in a few words.
    let summary: String
    /// What the engine said last; `nil` if it said nothing.
    let lastLine: String?
    /// What is wrong where the engine could not be reached at all.
    let engineError: ExecError?
    /// Whether the engine's last words are about an image that it wanted to fetch.
    let isAboutFetching: Bool
}
