import ChildProcess
import Diagnostics
import SystemCalls
import Threading

/// Builds and manages images with docker's command line.
extension DockerCLI: ImageBuildingEngine {
    /// Timeout of a build, in seconds.
    private static let buildTimeout = 3600.0
    /// Timeout of all other image commands, in seconds.
    private static let imageTimeout = 30.0
    private static let lastLines = 12
    /// What the programs of our Dockerfile put before the cause of their failure.
    private static let causeMark = "image error: "

    /// Runs `docker build` with the context on its standard input.
    public func build(_ build: ImageBuild, onLine: @escaping @Sendable (String) -> Void) async throws {
        let command = command(for: build, builder: await builder())
        let said = Locked<(last: [String], cause: String?)>(([], nil))
        let status = try await run(command, reading: build.context) { line in
            said.withLock { said in
                said.last = (said.last + [line]).suffix(Self.lastLines)
                said.cause = Self.cause(in: line) ?? said.cause
            }
            onLine(line)
        }
        try Task.checkCancellation()
        guard status == .exited(0) else {
            let (last, cause) = said.withLock { $0 }
            throw await failure(status, said: last, cause: cause, of: build)
        }
    }

    /// Runs `docker pull`.
    public func pull(_ image: String, onLine: @escaping @Sendable (String) -> Void) async throws {
        let said = Locked<[String]>([])
        let status = try await run(pull(image), reading: []) { line in
            said.withLock { $0 = ($0 + [line]).suffix(Self.lastLines) }
            onLine(line)
        }
        try Task.checkCancellation()
        guard status != .exited(0) else { return }
        let lines = said.withLock { $0 }
        let end = ChildProcess.End(status: status, errorOutput: Array(lines.joined(separator: "\n").utf8))
        if let error = DockerFailure(engine: self, image: image, end: end).unreachableError { throw error }
        throw ExecError(
            .imageMissing,
            """
            The image \(image) could not be pulled (\(status)). If its registry asks who you are, log in with \
            `\(program) login`. The engine's last line: \(lines.last ?? "nothing")
            """)
    }

    /// Runs `docker tag`.
    public func addName(_ tag: String, to image: String) async throws {
        let output = try await self.tag(image, as: tag).run(timeout: Self.imageTimeout)
        guard output.succeeded else {
            let said = String(decoding: output.errorOutput, as: UTF8.self).singleLine(limit: 600)
            throw ExecError(.engineFailed, "The engine did not tag the image \(tag): \(said)")
        }
    }

    /// Runs `docker image rm`.
    public func removeImage(_ image: String) async {
        _ = try? await imageRemoval(image).run(timeout: Self.imageTimeout)
    }

    /// Runs `docker image prune`.
    public func removeUnusedImages(labelled label: String) async {
        _ = try? await pruneImages(label: label).run(timeout: Self.imageTimeout)
    }

    /// The builder of the current context. Other BuildKit builders may keep their results to themselves; this one
    /// stores them in the engine.
    private func builder() async -> String {
        guard let output = try? await contextName().run(timeout: Self.imageTimeout), output.succeeded else {
            return "default"
        }
        let name = String(decoding: output.output, as: UTF8.self).trimmingBlanks
        return name.isEmpty ? "default" : String(name)
    }

    private func run(
        _ command: Command, reading context: [UInt8], onLine: @escaping @Sendable (String) -> Void
    ) async throws -> ExitStatus {
        // Guarded: its work must not go on unseen if this process is killed.
        let child = try ChildProcess(starting: command, isGuarded: true)
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
            // A builder that doesn't read the context reports an error of its own.
            try? await child.input.write(context)
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

    /// What a program of the build says in this line about its failure. BuildKit puts the number of the step and the
    /// seconds before it.
    static func cause(in line: String) -> String? {
        guard let mark = line.firstRange(of: causeMark) else { return nil }
        let before = line[..<mark.lowerBound]
        guard before.allSatisfy({ $0.isNumber || $0.isWhitespace || $0 == "#" || $0 == "." || $0 == ":" }) else {
            return nil
        }
        return String(line[mark.upperBound...])
    }

    private func failure(
        _ status: ExitStatus, said lines: [String], cause: String?, of build: ImageBuild
    ) async -> ImageBuildError {
        let said = lines.joined(separator: "\n")
        let end = ChildProcess.End(status: status, errorOutput: Array(said.utf8))
        var unreachable = DockerFailure(engine: self, image: build.base ?? "", end: end).unreachableError
        if unreachable != nil, (try? await versions()) != nil { unreachable = nil }
        return ImageBuildError(
            summary: "\(status)", cause: cause, lastLine: lines.last, engineError: unreachable,
            isAboutFetching: Self.reportsPull(said))
    }

    /// Whether the engine's last output is about pulling an image.
    private static func reportsPull(_ text: String) -> Bool {
        let text = text.lowercased()
        return [
            "pull", "manifest", "registry", "resolve", "dial tcp", "initializing source", "not found", "no such host",
            "timeout",
        ].contains(where: text.contains)
    }
}
