import CommandOptions
import ExecCore
import SystemCalls

/// The process that gets an image for a server: see ``ImageProvision``.
enum ImageProvider {
    /// Gets the image, and tells the server about it on standard output. The end of standard input ends it.
    ///
    /// - Parameter arguments: the engine's name, where it runs, and the image's name.
    /// - Returns: the exit status.
    static func run(_ arguments: [String]) -> Int32 {
        guard arguments.count == 3, let location = EngineLocation(rawValue: arguments[1]),
            let source = ImageSource(of: arguments[2])
        else { return 2 }
        let locator = EngineLocator(environment: Environment.variables, location: location)
        return Foreground.run(until: STDIN_FILENO) {
            do {
                try await provide(arguments[2], from: source, engine: arguments[0], found: locator)
                return 0
            } catch is CancellationError {
                return Foreground.interruptedStatus
            } catch {
                tell(.failure("\(error)"))
                return 1
            }
        }
    }

    private static func provide(
        _ image: String, from source: ImageSource, engine name: String, found locator: EngineLocator
    ) async throws {
        let engine = try locator.imageBuilder(named: name)
        let lock = ImageLock(image: image, engine: engine.name)
        try await lock.locked(onWait: { tell(.phase(.waiting)) }) {
            // Another server may have provided it in the meantime, or failed to.
            if (try? await engine.image(image)) != nil { return }
            if let failure = lock.recentFailure { throw ExecError(.imageMissing, failure) }
            do {
                switch source {
                case .recipe(let variant):
                    let arguments = try ImageArguments(
                        ["--engine", name, "--tag", image, "--variant", variant.rawValue],
                        environment: Environment.variables, defaults: Options())
                    try await ImageMaker(
                        arguments: arguments, onPhase: { tell(.phase($0)) }, onLine: { tell(.output($0)) }
                    ).make(with: engine)
                case .registry:
                    tell(.phase(.pulling))
                    try await engine.pull(image) { tell(.output($0)) }
                }
            } catch {
                if !Task.isCancelled { lock.record(failure: "\(error)") }
                throw Task.isCancelled ? CancellationError() : error
            }
            lock.record(failure: nil)
        }
    }

    private static func tell(_ news: ImageNews) {
        Descriptors.write(Array("\(news.line)\n".utf8), to: STDOUT_FILENO, stallTimeout: 1000)
    }
}
