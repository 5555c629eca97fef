import ChildProcess
import Diagnostics
import SystemCalls
import Threading

/// Builds the sandbox's image with an engine.
///
/// A new image bears a name of its own until it has proved to work; only then does it take the place of the old one.
public struct ImageBuilder: Sendable {
    /// How long a build may take, in seconds.
    private static let buildTimeout = 3600.0
    /// How long the engine may take for anything else, in seconds.
    private static let timeout = 30.0
    private static let lastLines = 12

    private let engine: DockerCLI
    private let recipe: ImageRecipe
    /// The image's provisional name.
    public let candidate: String

    /// A builder of images from `recipe`.
    public init(engine: DockerCLI, recipe: ImageRecipe) {
        self.engine = engine
        self.recipe = recipe
        candidate = "mcp-code-executor-candidate:\(String(UInt64.random(in: 0...UInt64.max), radix: 36))"
    }

    /// Builds ``candidate``, to become `tag`. When the task is cancelled the build is ended.
    ///
    /// - Parameters:
    ///   - isFresh: whether to use nothing of an earlier build.
    ///   - onLine: called with each line that the engine says meanwhile, without control characters.
    /// - Throws: ``ExecError`` with what the engine said last.
    public func build(
        for tag: String, isFresh: Bool, environment: BuildEnvironment, onLine: @escaping @Sendable (String) -> Void
    ) async throws {
        let settings = await environment.arguments()
        let command = engine.build(
            candidate, base: recipe.base, labels: [(ImageRecipe.label, recipe.labelValue(for: tag))],
            settings: settings, isFresh: isFresh, builder: await builder())
        let last = Locked<[String]>([])
        let status = try await run(command) { line in
            last.withLock { $0 = ($0 + [line]).suffix(Self.lastLines) }
            onLine(line)
        }
        try Task.checkCancellation()
        guard status == .exited(0) else { throw await failure(status, said: last.withLock { $0 }) }
    }

    /// Gives ``candidate`` the name `tag`.
    ///
    /// - Throws: ``ExecError``.
    public func publish(as tag: String) async throws {
        let output = try await engine.tag(candidate, as: tag).run(timeout: Self.timeout)
        guard output.succeeded else {
            throw ExecError(
                .engineFailed, "The engine did not name the image \(tag): \(Self.said(output.errorOutput))")
        }
    }

    /// Removes the provisional name and what nobody needs any more: an engine without BuildKit keeps the first stage, and
    /// any engine the image that a new one replaced. Failures don't matter.
    public func removeLeftovers() async {
        _ = try? await engine.removeImage(candidate).run(timeout: Self.timeout)
        for label in [ImageRecipe.stageLabel, ImageRecipe.label] {
            _ = try? await engine.pruneImages(label: label).run(timeout: Self.timeout)
        }
    }

    /// A builder of BuildKit's may keep its results to itself; the context's own one leaves them with the engine.
    private func builder() async -> String {
        guard let output = try? await engine.contextName().run(timeout: Self.timeout), output.succeeded else {
            return "default"
        }
        let name = String(decoding: output.output, as: UTF8.self).trimmingBlanks
        return name.isEmpty ? "default" : String(name)
    }

    private func run(_ command: Command, onLine: @escaping @Sendable (String) -> Void) async throws -> ExitStatus {
        let child = try ChildProcess(starting: command)
        let end = Locked<ExitStatus?>(nil)
        let ended = AsyncEvent()
        let lines = [LineBuffer(onLine), LineBuffer(onLine)]
        try child.read {
            lines[0].add($0)
        } onErrorOutput: {
            lines[1].add($0)
        } onEnd: { result in
            lines.forEach { $0.finish() }
            end.withLock { $0 = result.status }
            ended.complete()
        }
        await withTaskCancellationHandler {
            // A builder that reads no context has an answer of its own.
            try? await child.input.write(recipe.context)
            child.input.close()
            if await !ended.wait(seconds: Self.buildTimeout) {
                child.signal(SIGTERM)
                if await !ended.wait(seconds: 5) { child.signal(SIGKILL) }
                _ = await ended.wait(seconds: 5)
            }
        } onCancel: {
            child.signal(SIGTERM)
            Task.detached {
                if await !ended.wait(seconds: 5) { child.signal(SIGKILL) }
            }
        }
        return end.withLock { $0 } ?? .signalled(SIGKILL)
    }

    private func failure(_ status: ExitStatus, said lines: [String]) async -> ExecError {
        let said = lines.joined(separator: "\n")
        let end = ChildProcess.End(status: status, errorOutput: Array(said.utf8))
        let base = recipe.base ?? ImageRecipe.defaultBase
        if let error = DockerFailure(engine: engine, image: base, end: end).unreachableError,
            (try? await engine.versions()) == nil
        {
            return error
        }
        if await !engine.hasImage(base), Self.tellsOfAPull(said) {
            let local = await engine.hasImage(ImageRecipe.localBase)
            return ExecError(
                .imageMissing,
                """
                The base image \(base) is not here and could not be pulled. Where no registry can be reached, name an \
                image that is here and has python3 (3.11 or newer) with pip: \
                `exec-mcp image --base \(local ? ImageRecipe.localBase : "NAME")`.
                """)
        }
        return ExecError(
            .engineFailed, "The image could not be built (\(status)). The engine said last: \(lines.last ?? "nothing")")
    }

    /// Whether the engine's last words are about fetching an image.
    private static func tellsOfAPull(_ text: String) -> Bool {
        let text = text.lowercased()
        return [
            "pull", "manifest", "registry", "resolve", "dial tcp", "initializing source", "not found", "no such host",
            "timeout",
        ].contains(where: text.contains)
    }

    private static func said(_ bytes: [UInt8]) -> String {
        String(decoding: bytes, as: UTF8.self).singleLine(limit: 600)
    }
}

/// Makes lines of pieces of output. What ends with a carriage return is a line as well: progress overwrites itself so.
private final class LineBuffer: Sendable {
    private static let limit = 2000

    private let rest = Locked<[UInt8]>([])
    private let onLine: @Sendable (String) -> Void

    init(_ onLine: @escaping @Sendable (String) -> Void) {
        self.onLine = onLine
    }

    func add(_ bytes: UnsafeRawBufferPointer) {
        let lines = rest.withLock { rest in
            var lines: [[UInt8]] = []
            for byte in bytes {
                if byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") {
                    lines.append(rest)
                    rest = []
                } else if rest.count < Self.limit {
                    rest.append(byte)
                }
            }
            return lines
        }
        lines.forEach(emit)
    }

    func finish() {
        emit(
            rest.withLock { rest in
                defer { rest = [] }
                return rest
            })
    }

    private func emit(_ line: [UInt8]) {
        let text = String(decoding: line, as: UTF8.self).singleLine(limit: Self.limit)
        if text.contains(where: { !$0.isWhitespace }) { onLine(text) }
    }
}
