import ChildProcess
import Diagnostics
import JSON
import SystemCalls

/// Queries to an engine, each with a timeout.
extension DockerCLI {
    /// Runs `docker version`, which asks the daemon.
    public func versions() async throws(ExecError) -> EngineVersions {
        let answer = try await answer(to: version())
        let server = answer["Server"]
        // nerdctl lists only components.
        let version = server?["Version"] ?? server?["Components"]?.arrayValue?.first?["Version"]
        return EngineVersions(
            client: line(answer["Client"]?["Version"]?.stringValue ?? "?"), server: version?.stringValue.map(line))
    }

    /// Runs `docker info` and reads docker's or podman's form of the answer.
    public func isRootless() async -> Bool? {
        guard let answer = try? await answer(to: info()) else { return nil }
        // podman's form, then docker's.
        if let rootless = answer["host"]?["security"]?["rootless"]?.boolValue { return rootless }
        return answer["SecurityOptions"]?.arrayValue?.contains { $0.stringValue?.contains("rootless") == true }
    }

    /// Runs `docker image inspect`.
    public func image(_ name: String) async throws(ExecError) -> ImageDescription {
        let found = try await answer(to: inspect(image: name), image: name)
        // podman takes the format as a request for JSON and prints the list of inspected images.
        let answer = found.arrayValue.map { $0.first ?? .null } ?? found
        guard let id = answer["Id"]?.stringValue else {
            throw ExecError(.engineFailed, "The engine returned an invalid description of the image \(name).")
        }
        let labels = answer["Config"]?["Labels"]?.objectValue ?? JSONObject()
        return ImageDescription(
            id: line(id), size: answer["Size"]?.integerValue ?? 0,
            created: answer["Created"]?.stringValue.flatMap(EngineTimestamp.seconds),
            labels: Dictionary(
                labels.keys.compactMap { key in labels[key]?.stringValue.map { (key, $0) } },
                uniquingKeysWith: { first, _ in first }))
    }

    /// Runs `docker container inspect`, and looks at the guest's process if it is one of this machine.
    public func isSuspended(_ container: String) async -> Bool {
        guard let state = try? await answer(to: inspectState(of: container)) else { return false }
        if state["Paused"]?.boolValue == true { return true }
        guard isLocal, let pid = state["Pid"]?.integerValue, pid > 0 else { return false }
        return Self.isStoppedGuest(Files.read("/proc/\(pid)/stat", limit: 4096) ?? [])
    }

    /// Whether this content of `/proc/PID/stat` is that of a stopped guest. An engine in a virtual machine may count its
    /// processes differently.
    static func isStoppedGuest(_ status: [UInt8]) -> Bool {
        let text = String(decoding: status, as: UTF8.self)
        return text.contains(" (sandbox-guest) T ") || text.contains(" (sandbox-guest) t ")
    }

    /// Runs `docker ps`.
    public func containers(
        labelled label: EngineLabel, including names: [String], within seconds: Double
    ) async throws(ExecError) -> [LabelledContainer] {
        let listing = try await output(of: list(labelled: label, including: names), within: seconds)
        return Self.containers(inListing: listing, values: names.count)
    }

    /// Parses a listing. Malformed lines are ignored: labels may contain tabs and line breaks.
    static func containers(inListing listing: String, values count: Int) -> [LabelledContainer] {
        listing.lines.compactMap { line in
            let fields = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
            guard fields.count == count + 1, isContainerID(fields[0]) else { return nil }
            return LabelledContainer(id: fields[0], values: Array(fields.dropFirst()))
        }
    }

    private static func isContainerID(_ text: String) -> Bool {
        text.utf8.count == 64 && text.allSatisfy { $0.isASCII && $0.isHexDigit }
    }

    /// Runs `docker rm --force --volumes`.
    @discardableResult
    public func remove(_ containers: [String], within seconds: Double) async throws(ExecError) -> String {
        try checkAnswers()
        do {
            return "\(try await remove(containers).run(timeout: seconds).status)"
        } catch {
            throw unrunnable(error)
        }
    }

    /// Runs `docker volume rm`, once for each volume.
    public func remove(volumes: [String]) async {
        for volume in volumes where !isLaunched {
            let removal: Command = remove(volumes: [volume])
            _ = try? await removal.run(timeout: EngineTimeout.question)
        }
    }

    /// Runs `docker volume ls` and `docker volume inspect`.
    public func volumes(withPrefix prefix: String) async -> [EngineVolume] {
        let listing = try? await output(of: listVolumes(containing: prefix), within: EngineTimeout.sweep)
        let names = (listing ?? "").lines.filter { name in
            let isPlain = name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }
            return isPlain && name.utf8.starts(with: prefix.utf8)
        }
        guard !names.isEmpty,
            let described = try? await output(of: inspect(volumes: names), within: EngineTimeout.sweep)
        else { return [] }
        return described.lines.compactMap { line in
            guard let volume = try? JSON.parse(Array(line.utf8)), let name = volume["Name"]?.stringValue,
                names.contains(name)
            else { return nil }
            return EngineVolume(name: name, created: volume["CreatedAt"]?.stringValue.flatMap(EngineTimestamp.seconds))
        }
    }

    private func answer(to command: Command, image: String = "") async throws(ExecError) -> JSON {
        let text = try await output(of: command, image: image)
        do {
            return try JSON.parse(Array(text.utf8))
        } catch {
            throw ExecError(.engineFailed, "\(program) gave an answer that is not JSON: \(line(text))")
        }
    }

    /// Checks that it is this engine that has the containers.
    ///
    /// - Throws: ``ExecError`` if a launcher decides which one has.
    private func checkAnswers() throws(ExecError) {
        guard isLaunched else { return }
        throw ExecError(.engineFailed, "\(name) can't be asked from here. Ask the engine of the machine in question.")
    }

    private func unrunnable(_ error: any Error) -> ExecError {
        ExecError(.engineFailed, "\(program) cannot be run: \(error)")
    }

    private func output(
        of command: Command, image: String = "", within seconds: Double = EngineTimeout.question
    ) async throws(ExecError) -> String {
        try checkAnswers()
        let output: CommandOutput
        do {
            output = try await command.run(limit: 1 << 20, timeout: seconds)
        } catch {
            throw unrunnable(error)
        }
        guard !output.timedOut else {
            throw ExecError(
                .engineFailed,
                """
                \(program) did not answer within \(Int(seconds)) seconds. The engine is overloaded or hung: \
                restart it.
                """)
        }
        guard output.succeeded else {
            let end = ChildProcess.End(status: output.status, errorOutput: output.errorOutput)
            throw DockerFailure(engine: self, image: image, end: end).answerError
        }
        return String(decoding: output.output, as: UTF8.self)
    }

    private func line(_ text: String) -> String {
        text.singleLine(limit: 100)
    }
}
