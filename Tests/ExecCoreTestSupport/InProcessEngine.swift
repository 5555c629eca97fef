package import ChildProcess
package import ExecCore
import Foundation
package import JSON
package import TestSupport
package import Threading

/// An engine without a program or a process: each of its containers is a thread of the tests, which does what a script
/// says at the end of real pipes.
package final class InProcessEngine: ContainerEngine {
    /// What a container does, from its start to its end. When it returns, the container ends.
    package typealias Script = @Sendable (InProcessGuest) -> Void

    /// A guest that comes up, and answers every command with its own words.
    package static let echo: Script = { guest in
        guest.takeProgram()
        guest.say(Frame(.hello, call: 0, ["shell": true]))
        guest.answerCalls { $0["command"]?.stringValue ?? "" }
    }

    /// What it calls itself.
    package let name = "in-process"
    /// The containers that were started, in order.
    package let started = Recorder<ContainerSpec>()
    /// The names of those that were removed.
    package let removed = Recorder<String>()
    /// Whether it says of its containers that somebody has stopped them.
    package let suspends = Locked(false)
    package let isLocal: Bool
    package let recordsOutput: Bool
    /// The volumes that it lists.
    package let listedVolumes = Locked<[EngineVolume]>([])
    /// The names of the volumes that were removed.
    package let removedVolumes = Recorder<String>()

    private let script: Script
    private let running = Locked<[String: InProcessGuest]>([:])

    /// An engine whose containers do what `script` says.
    package init(isLocal: Bool = true, recordsOutput: Bool = false, _ script: @escaping Script = echo) {
        self.isLocal = isLocal
        self.recordsOutput = recordsOutput
        self.script = script
    }

    package func start(_ container: ContainerSpec) throws -> ChildProcess {
        started.record(container)
        let (input, output, errors) = (try TestPipe(), try TestPipe(), try TestPipe())
        let guest = InProcessGuest(
            container: container, input: input.readEnd, output: output.writeEnd, errorOutput: errors.writeEnd)
        running.withLock { $0[container.name] = guest }
        try BackgroundThread.start { [script, running] in
            script(guest)
            guest.end()
            _ = running.withLock { $0.removeValue(forKey: container.name) }
        }
        return ChildProcess(
            adopting: PipeEnds(input: input.writeEnd, output: output.readEnd, errorOutput: errors.readEnd))
    }

    package func explain(
        _ end: ChildProcess.End, of configuration: SandboxConfiguration, printed: [UInt8]
    ) -> EngineFailure {
        let said = String(decoding: end.errorOutput, as: UTF8.self)
        return EngineFailure(
            summary: "in-process: \(said)", startError: ExecError(.engineFailed, "did not start: \(said)"),
            endError: ExecError(.sandboxEnded, "ended: \(said)"))
    }

    package func fingerprint(of container: ContainerSpec) -> [String] { [name] }

    package func remove(_ containers: [String], within seconds: Double) async throws(ExecError) -> String {
        for container in containers {
            removed.record(container)
            running.withLock { $0[container] }?.end()
        }
        return "removed"
    }

    package func containers(
        labelled label: EngineLabel, including names: [String], within seconds: Double
    ) async throws(ExecError) -> [LabelledContainer] {
        running.withLock { $0.values.map(\.container) }
            .filter { $0.labels.contains { $0.name == label.name && (label.value ?? $0.value) == $0.value } }
            .map { container in
                LabelledContainer(
                    id: container.name,
                    values: names.map { name in container.labels.first { $0.name == name }?.value ?? "" })
            }
    }

    package let address: String? = nil

    package func volumes(withPrefix prefix: String) async -> [EngineVolume] {
        listedVolumes.withLock { $0 }.filter { $0.name.hasPrefix(prefix) }
    }

    package func isSuspended(_ container: String) async -> Bool { suspends.withLock { $0 } }

    package func remove(volumes: [String]) async {
        for volume in volumes { removedVolumes.record(volume) }
    }

    package func versions() async throws(ExecError) -> EngineVersions { EngineVersions(client: "1", server: "1") }

    package func hints(for name: String) -> EngineHints {
        EngineHints(listContainers: "\(name) list", diskUsage: "\(name) disk")
    }

    package func isRootless() async -> Bool? { nil }

    package func image(_ name: String) async throws(ExecError) -> ImageDescription {
        ImageDescription(id: name, size: 0, created: nil, labels: ["exec-mcp.build-inputs": name])
    }
}

/// What is in a container of ``InProcessEngine``. Its functions block the thread that is the container.
package final class InProcessGuest: Sendable {
    package let container: ContainerSpec
    private let input: Int32
    private let outputs: Locked<[Int32]>
    /// The configuration that it was given, with the key of a sealed channel.
    package let configuration = Locked<JSON>(.null)
    private let seal = Locked<(sealer: RecordSealer, opener: RecordOpener)?>(nil)

    init(container: ContainerSpec, input: Int32, output: Int32, errorOutput: Int32) {
        self.container = container
        self.input = input
        outputs = Locked([output, errorOutput])
    }

    /// Reads what a guest is sent before the first frame.
    package func takeProgram() {
        while case let byte = readSome(from: input, atMost: 1), let byte = byte.first {
            if byte == UInt8(ascii: "\n") { break }
        }
        let program = try? JSON.parse(take(take(4).reduce(0) { $0 << 8 | Int($1) }))
        let config = program?["config"] ?? .null
        configuration.withLock { $0 = config }
        let digits = Array((config["seal"]?.stringValue ?? "").utf8)
        let bytes = stride(from: 0, to: digits.count, by: 2).compactMap {
            UInt8(String(decoding: digits[$0..<$0 + 2], as: UTF8.self), radix: 16)
        }
        guard let key = SealKey(bytes) else { return }
        seal.withLock { $0 = (RecordSealer(key, .fromGuest), RecordOpener(key, .fromServer)) }
    }

    /// Writes frames to the channel.
    package func say(_ frames: Frame...) {
        send(records(frames))
    }

    /// The bytes that these frames are on the channel, each in a record of its own if it is sealed. They have to be sent
    /// next.
    package func records(_ frames: [Frame]) -> [UInt8] {
        frames.flatMap { frame in
            seal.withLock { seal in (try? seal?.sealer.seal(frame.bytes)) ?? frame.bytes }
        }
    }

    /// Writes bytes to the channel.
    package func send(_ bytes: [UInt8]) {
        write(bytes, to: 0)
    }

    /// Writes text that isn't a frame to the standard output.
    package func print(_ text: String) {
        write(Array(text.utf8), to: 0)
    }

    /// Writes to the error output.
    package func complain(_ text: String) {
        write(Array(text.utf8), to: 1)
    }

    /// Answers each call with an exit code of 0 and what `answer` makes of its parameters, until the input ends.
    package func answerCalls(_ answer: (JSON) -> String) {
        var decoder = FrameDecoder(opener: seal.withLock { $0?.opener })
        while case let piece = readSome(from: input), !piece.isEmpty {
            var frames: [Frame] = []
            piece.withUnsafeBytes { bytes in
                try? decoder.feed(bytes) { (frame) throws(ChannelError) in frames.append(frame) }
            }
            for frame in frames where frame.kind == .call {
                let params = (try? JSON.parse(frame.payload))?["params"] ?? [:]
                say(Frame(.data, call: frame.call, payload: [0] + Array(answer(params).utf8)))
                say(Frame(.result, call: frame.call, ["exit_code": 0]))
            }
        }
    }

    /// Waits until something more has arrived, and ignores it.
    package func waitForInput() {
        _ = readSome(from: input)
    }

    /// Waits until the input ends.
    package func waitForEnd() {
        while !readSome(from: input).isEmpty {}
    }

    /// Closes the outputs: the container is gone.
    func end() {
        let open = outputs.withLock { outputs in
            defer { outputs = [] }
            return outputs
        }
        for output in open { close(output) }
    }

    private func take(_ count: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count, case let piece = readSome(from: input, atMost: count - bytes.count), !piece.isEmpty {
            bytes += piece
        }
        return bytes
    }

    private func write(_ bytes: [UInt8], to place: Int) {
        let output = outputs.withLock { place < $0.count ? $0[place] : -1 }
        var left = bytes[...]
        while output >= 0, !left.isEmpty {
            let count = left.withUnsafeBytes { Foundation.write(output, $0.baseAddress, $0.count) }
            guard count > 0 else { return }
            left = left.dropFirst(count)
        }
    }

    deinit {
        end()
        close(input)
    }
}
