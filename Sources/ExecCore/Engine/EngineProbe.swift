import ChildProcess
import Diagnostics
import JSON

/// The versions of an engine's two halves.
public struct EngineVersions: Sendable, Equatable {
    /// The command line's.
    public let client: String
    /// The daemon's; `nil` for an engine that has none.
    public let server: String?
}

/// What an engine says of one of its images. All of it is the engine's or the image's word.
public struct ImageDescription: Sendable, Equatable {
    /// Its digest, `sha256:…`.
    public let id: String
    /// Bytes on disk.
    public let size: Int
    /// When it was made, in seconds since 1970; `nil` where the engine does not say so.
    public let created: Int?
    /// Its labels.
    public let labels: [String: String]
}

/// Questions to an engine, each with an end in sight.
public struct EngineProbe: Sendable {
    /// How long the engine may take for one answer, in seconds.
    public static let timeout = 5.0

    private let engine: EngineCommandLine

    /// Asks this engine.
    public init(_ engine: EngineCommandLine) {
        self.engine = engine
    }

    /// The versions of the command line and of the engine, which shows that it answers.
    ///
    /// - Throws: ``ExecError`` with what is wrong and how to mend it.
    public func versions() async throws(ExecError) -> EngineVersions {
        let answer = try await answer(to: engine.version())
        let server = answer["Server"]
        // nerdctl names components only.
        let version = server?["Version"] ?? server?["Components"]?.arrayValue?.first?["Version"]
        return EngineVersions(
            client: line(answer["Client"]?["Version"]?.stringValue ?? "?"), server: version?.stringValue.map(line))
    }

    /// Whether the engine runs without root; `nil` where it does not say.
    public func isRootless() async -> Bool? {
        guard let answer = try? await answer(to: engine.info()) else { return nil }
        // podman's way, then docker's.
        if let rootless = answer["host"]?["security"]?["rootless"]?.boolValue { return rootless }
        return answer["SecurityOptions"]?.arrayValue?.contains { $0.stringValue?.contains("rootless") == true }
    }

    /// The image of this name.
    ///
    /// - Throws: ``ExecError``, with the code ``ExecError/Code/imageMissing`` where there is none.
    public func image(_ name: String) async throws(ExecError) -> ImageDescription {
        let found = try await answer(to: engine.inspect(image: name), image: name)
        // podman takes the format for a wish for JSON, and gives the list of what was inspected.
        let answer = found.arrayValue.map { $0.first ?? .null } ?? found
        guard let id = answer["Id"]?.stringValue else {
            throw ExecError(.engineFailed, "The engine's description of the image \(name) makes no sense.")
        }
        let labels = answer["Config"]?["Labels"]?.objectValue ?? JSONObject()
        return ImageDescription(
            id: line(id), size: answer["Size"]?.integerValue ?? 0,
            created: answer["Created"]?.stringValue.flatMap(Timestamp.seconds),
            labels: Dictionary(
                labels.keys.compactMap { key in labels[key]?.stringValue.map { (key, $0) } },
                uniquingKeysWith: { first, _ in first }))
    }

    /// Whether there is an image of this name.
    func hasImage(_ name: String) async -> Bool {
        (try? await image(name)) != nil
    }

    /// How many containers a user has, running or not.
    ///
    /// - Throws: ``ExecError``.
    public func containerCount(of user: UserID) async throws(ExecError) -> Int {
        try await output(of: engine.listContainers(of: user)).lines.count { !$0.isEmpty }
    }

    /// How many containers servers left behind that are gone.
    ///
    /// - Throws: ``ExecError``.
    public func orphanCount() async throws(ExecError) -> Int {
        OrphanSweep.orphans(inListing: try await output(of: engine.listOwned()), seenBy: .current()).count
    }

    /// Removes what a trial's sandbox kept, once its container is gone. Failures don't matter: there may be nothing.
    public func removeVolumes(of user: UserID, in configuration: SandboxConfiguration) async {
        for volume in ContainerDescription.volumes(of: user, in: configuration) {
            _ = try? await engine.remove(volumes: [volume]).run(timeout: Self.timeout)
        }
    }

    private func answer(to command: Command, image: String = "") async throws(ExecError) -> JSON {
        let text = try await output(of: command, image: image)
        do {
            return try JSON.parse(Array(text.utf8))
        } catch {
            throw ExecError(.engineFailed, "\(engine.program) gave an answer that is no JSON: \(line(text))")
        }
    }

    private func output(of command: Command, image: String = "") async throws(ExecError) -> String {
        let output: CommandOutput
        do {
            output = try await command.run(limit: 1 << 20, timeout: Self.timeout)
        } catch {
            throw ExecError(.engineFailed, "\(engine.program) cannot be run: \(error)")
        }
        guard !output.timedOut else {
            throw ExecError(
                .engineFailed,
                """
                \(engine.program) did not answer within \(Int(Self.timeout)) seconds. The engine is overloaded or hung: \
                restart it.
                """)
        }
        guard output.succeeded else {
            let end = ChildProcess.End(status: output.status, errorOutput: output.errorOutput)
            throw EngineFailure(engine: engine, image: image, end: end).answerError
        }
        return String(decoding: output.output, as: UTF8.self)
    }

    private func line(_ text: String) -> String {
        text.singleLine(limit: 100)
    }
}
