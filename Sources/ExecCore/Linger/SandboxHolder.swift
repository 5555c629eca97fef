import ChildProcess
import JSON
import SystemCalls

/// A process that holds the pipes of one sandbox while no server uses it. It hands them to the first client that asks,
/// and exits when the time is up or the sandbox has ended. Unless it has handed the pipes over, they close when it
/// exits for any reason, which ends the sandbox.
public enum SandboxHolder {
    /// The first argument that makes the program run as a holder. Internal; not meant for users.
    public static let word = "hold-sandbox"

    /// The messages of the hand-over protocol.
    enum Message: UInt8 {
        /// Client: checks that the holder is alive.
        case probe = 0x3F
        /// Holder: it is alive.
        case alive = 0x79
        /// Client: requests the pipes. The reply carries them with a description.
        case acquire = 0x74
        /// Client: it has received the pipes.
        case taken = 0x6B
        /// Holder: the client is now their only owner.
        case given = 0x64
    }

    /// Maximum length of the description that accompanies the pipes, in bytes.
    static let descriptionLimit = 4096

    // The descriptors that it is started with, from 3 on.
    private static let ends = PipeEnds(input: 3, output: 4, errorOutput: 5)
    private static let mark: Int32 = 6
    private static let listener: Int32 = 7

    /// Starts a holder.
    ///
    /// - Parameters:
    ///   - listener: the socket at `name` in `directory`.
    /// - Throws: ``SpawnError``.
    static func start(
        _ ends: PipeEnds, mark: HoldMark, listener: LocalSocket, at name: LingeringName, in directory: LingerDirectory,
        container: String, seconds: Int
    ) throws(SpawnError) {
        try spawnOurselves(
            [word, directory.path, name.fileName, container, String(seconds)],
            passing: [ends.input, ends.output, ends.errorOutput, mark.descriptor, listener.descriptor])
    }

    /// Runs a holder until it exits.
    ///
    /// - Parameter arguments: the arguments after ``word``.
    /// - Returns: the exit status.
    public static func run(_ arguments: [String]) -> Int32 {
        guard arguments.count == 4, let seconds = Double(arguments[3]), let listening = LocalSocket(inherited: listener)
        else { return 2 }
        signal(SIGPIPE, SIG_IGN)
        let directory = LingerDirectory(path: arguments[0])
        let (name, container) = (arguments[1], arguments[2])
        for descriptor in [ends.input, ends.output, ends.errorOutput, mark, listener] {
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        }
        let isGiven = waitForTaker(listening, container, deadline: now() + seconds)
        directory.remove(name)
        if !isGiven { HoldMark.remove(of: container, in: directory) }
        return 0
    }

    /// - Returns: whether a client took the pipes.
    private static func waitForTaker(_ listening: LocalSocket, _ container: String, deadline: Double) -> Bool {
        while true {
            let left = deadline - now()
            guard left > 0 else { return false }
            // Only the end of the sandbox's output matters: an idle guest writes nothing.
            var polls = [
                pollfd(fd: listener, events: Int16(POLLIN), revents: 0), pollfd(fd: ends.output, events: 0, revents: 0),
            ]
            let ready = poll(&polls, 2, Int32(min(left, 3600) * 1000) + 1)
            if polls[1].revents != 0 { return false }
            guard ready > 0, polls[0].revents != 0, let peer = listening.accept() else { continue }
            defer { peer.close() }
            if serve(peer, container) { return true }
        }
    }

    /// - Returns: whether the peer took the pipes.
    private static func serve(_ peer: LocalSocket, _ container: String) -> Bool {
        switch peer.receiveMessage() {
        case .probe:
            _ = peer.send(.alive)
            return false
        case .acquire:
            let description: JSON = ["container": .string(container)]
            let descriptors = [ends.input, ends.output, ends.errorOutput, mark]
            // Until the peer confirms receipt the pipes remain ours, in case it is killed in between.
            guard peer.send(description.serialized(), with: descriptors), peer.receiveMessage() == .taken else {
                return false
            }
            _ = peer.send(.given)
            return true
        default:
            return false
        }
    }

    /// Requests the sandbox from the holder at a socket.
    ///
    /// - Returns: the pipes and the mark, which the caller then owns, and the container's name; `nil` if they are not
    ///   available.
    static func acquire(from socket: LocalSocket) -> (ends: PipeEnds, mark: HoldMark, container: String)? {
        guard socket.send(.acquire), let (bytes, descriptors) = socket.receive(limit: descriptionLimit) else {
            return nil
        }
        guard descriptors.count == 4, let container = (try? JSON.parse(bytes))?["container"]?.stringValue,
            SandboxSpec.isName(container), socket.send(.taken), socket.receiveMessage() == .given
        else {
            for descriptor in descriptors { close(descriptor) }
            return nil
        }
        let ends = PipeEnds(input: descriptors[0], output: descriptors[1], errorOutput: descriptors[2])
        return (ends, HoldMark(descriptor: descriptors[3]), container)
    }

    /// Whether a holder answers at a socket.
    static func answers(at socket: LocalSocket) -> Bool {
        socket.send(.probe) && socket.receiveMessage() == .alive
    }

    private static func now() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}

extension LocalSocket {
    fileprivate func send(_ message: SandboxHolder.Message) -> Bool {
        send([message.rawValue])
    }

    fileprivate func receiveMessage() -> SandboxHolder.Message? {
        guard let (bytes, descriptors) = receive(limit: 1) else { return nil }
        for descriptor in descriptors { LocalSocket(inherited: descriptor)?.close() }
        return SandboxHolder.Message(rawValue: bytes[0])
    }
}
