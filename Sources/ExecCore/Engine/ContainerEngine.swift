public import ChildProcess

/// Runs containers.
///
/// With any engine, every container gets the full hardening: a read-only root file system, no capabilities and no way
/// to gain privileges, an IPC namespace of its own, no core files, a limit on open files, no log of its output on
/// disk unless ``recordsOutput`` says so, and an end by SIGKILL after which nothing of it is left. Its image is never
/// pulled implicitly.
public protocol ContainerEngine: Sendable {
    /// The name shown to users: the path of its program.
    var name: String { get }

    /// Whether it is known to run on this machine. If not, directories of this machine cannot be mounted, and a broken
    /// network may leave containers without a server, so that their guests end by themselves.
    var isLocal: Bool { get }

    /// How files of this machine get into its containers.
    var fileTransport: FileTransport { get }

    /// Whether it, or what is behind it, records what containers write to their outputs. Then what a guest writes is
    /// sealed.
    var recordsOutput: Bool { get }

    /// Whether a launcher decides where each container runs. Then the engine can't be asked about its containers, images
    /// and volumes from here, and a container ends with the process that ``start(_:)`` returned.
    var isLaunched: Bool { get }

    /// The address that it was configured with, for display; `nil` for the default.
    var address: String? { get }

    /// Starts a container and stays attached to it. The returned process has the container's standard input, output
    /// and error output; when the process's input closes, so does the container's.
    ///
    /// - Throws: an error if nothing could be started at all. Any other failure shows in how the process ends.
    func start(_ container: ContainerSpec) async throws -> ChildProcess

    /// Called when the process that ``start(_:)`` returned has ended, however it did, and before that if it is given
    /// up. Returns at once; an engine that keeps containers that have ended has this one removed meanwhile.
    func processEnded(of container: String)

    /// Whether it fetches images by itself, so that it can't tell whether it has one.
    var fetchesImages: Bool { get }

    /// Whether a container that runs out of memory is killed as a whole, and not only its largest process.
    var endsAsAWhole: Bool { get }

    /// Explains to a user how a container ended.
    ///
    /// - Parameters:
    ///   - configuration: the configuration of the sandbox.
    ///   - printed: what was received instead of the guest's handshake.
    func explain(_ end: ChildProcess.End, of configuration: SandboxConfiguration, printed: [UInt8]) -> EngineFailure

    /// What distinguishes this engine, and the container that it would start, from others. Servers with equal
    /// fingerprints can resume each other's sandboxes. The container's name and labels don't count.
    func fingerprint(of container: ContainerSpec) -> [String]

    /// Removes containers, running or not, by name or id.
    ///
    /// - Parameter seconds: the timeout.
    /// - Returns: the outcome, in words for the log.
    /// - Throws: ``ExecError`` if the engine cannot be reached.
    @discardableResult
    func remove(_ containers: [String], within seconds: Double) async throws(ExecError) -> String

    /// Whether somebody has paused or stopped this container, which then cannot answer although nothing is wrong with
    /// it. `false` if that isn't known.
    func isSuspended(_ container: String) async -> Bool

    /// Lists all containers with the label `label`, running or not.
    ///
    /// - Parameter names: the labels whose values to return.
    /// - Throws: ``ExecError`` with the cause and a remedy.
    func containers(
        labelled label: EngineLabel, including names: [String], within seconds: Double
    ) async throws(ExecError) -> [LabelledContainer]

    /// Lists the volumes whose names begin with `prefix`; empty if the engine doesn't answer.
    func volumes(withPrefix prefix: String) async -> [EngineVolume]

    /// Removes volumes that no container uses. Ignores failures, because the volumes may not exist.
    func remove(volumes: [String]) async

    /// The versions of its client and server. A result shows that the engine answers.
    ///
    /// - Throws: ``ExecError`` with the cause and a remedy.
    func versions() async throws(ExecError) -> EngineVersions

    /// Commands with which a user can inspect it.
    ///
    /// - Parameter name: the name that the user gave it.
    func hints(for name: String) -> EngineHints

    /// The rights that it needs and this account doesn't have, in words; `nil` if there is nothing to grant.
    ///
    /// - Throws: ``ExecError`` with the cause and a remedy.
    func missingRights() async throws(ExecError) -> [String]?

    /// Whether it runs without root; `nil` if it doesn't say.
    func isRootless() async -> Bool?

    /// The image with this name.
    ///
    /// - Throws: ``ExecError``, with the code ``ExecError/Code/imageMissing`` if the engine has no such image.
    func image(_ name: String) async throws(ExecError) -> ImageDescription
}

/// Selects containers by label.
public struct EngineLabel: Sendable, Equatable {
    /// The label's name.
    public let name: String
    /// Its value; `nil` for any.
    public let value: String?
}

/// A container that an engine listed. All of it is the engine's word.
public struct LabelledContainer: Sendable, Equatable {
    /// Its full id.
    public let id: String
    /// The values of the requested labels, in the same order; empty if it doesn't have the label.
    public let values: [String]

    /// Creates a listed container.
    public init(id: String, values: [String]) {
        self.id = id
        self.values = values
    }
}

/// A volume that an engine listed. All of it is the engine's word.
public struct EngineVolume: Sendable, Equatable {
    /// Its name.
    public let name: String
    /// When it was created, in seconds since 1970; `nil` if the engine doesn't say.
    public let created: Int?

    /// Creates a listed volume.
    public init(name: String, created: Int?) {
        self.name = name
        self.created = created
    }
}

/// Commands for a user who inspects an engine.
public struct EngineHints: Sendable, Equatable {
    /// Lists all containers, running or not.
    public let listContainers: String
    /// Shows the engine's disk usage.
    public let diskUsage: String

    /// Creates hints from these commands.
    public init(listContainers: String, diskUsage: String) {
        self.listContainers = listContainers
        self.diskUsage = diskUsage
    }
}

/// The versions of an engine's client and server.
public struct EngineVersions: Sendable, Equatable {
    /// The version of the command line.
    public let client: String
    /// The version of the daemon; `nil` for an engine that has none.
    public let server: String?

    /// Creates the versions that the engine reported.
    public init(client: String, server: String?) {
        self.client = client
        self.server = server
    }
}

/// An engine's description of one of its images. All of it is the engine's or the image's word.
public struct ImageDescription: Sendable, Equatable {
    /// Its digest, `sha256:…`.
    public let id: String
    /// Its size on disk, in bytes.
    public let size: Int
    /// When it was created, in seconds since 1970; `nil` if the engine doesn't say.
    public let created: Int?
    /// Its labels.
    public let labels: [String: String]

    /// Creates a description of an image.
    public init(id: String, size: Int, created: Int?, labels: [String: String]) {
        self.id = id
        self.size = size
        self.created = created
        self.labels = labels
    }
}

/// How a sandbox's container ended, in words.
public struct EngineFailure: Sendable, Equatable {
    /// A summary of a few words, for the log.
    public let summary: String
    /// The error if the guest never sent its handshake.
    public let startError: ExecError
    /// The error if the sandbox had been running.
    public let endError: ExecError

    /// Creates an explanation of an end.
    public init(summary: String, startError: ExecError, endError: ExecError) {
        self.summary = summary
        self.startError = startError
        self.endError = endError
    }
}

/// How an engine gets files of this machine into containers.
public enum FileTransport: Sendable {
    /// It mounts them.
    case mounts
    /// They are carried to volumes of the engine, which are mounted.
    case volumes
    /// It reads what would be mounted, and takes a copy along.
    case copies
}

extension ContainerEngine {
    /// Mounts what it can see.
    public var fileTransport: FileTransport { isLocal ? .mounts : .volumes }

    /// Does nothing: the engine removes containers that have ended.
    public func processEnded(of container: String) {}

    /// It has an image, or it hasn't.
    public var fetchesImages: Bool { false }

    /// The kernel kills one process, never the guest.
    public var endsAsAWhole: Bool { false }

    /// There is nothing to grant.
    public func missingRights() async throws(ExecError) -> [String]? { nil }

    /// It decides itself.
    public var isLaunched: Bool { false }

    /// How many seconds a sandbox may take to start, once ``start(_:)`` has returned.
    public func startTimeout(_ limits: Limits) -> Int {
        // A cluster's own time limit covers what comes before.
        guard !fetchesImages else { return EngineTimeout.start }
        return limits.startTimeout ?? (isLaunched ? EngineTimeout.launch : EngineTimeout.start)
    }

    /// Whether the engine has an image with this name.
    func hasImage(_ name: String) async -> Bool {
        (try? await image(name)) != nil
    }

    /// How many containers a user has, running or not.
    ///
    /// - Throws: ``ExecError``.
    public func containerCount(of user: UserID) async throws(ExecError) -> Int {
        try await containers(
            labelled: EngineLabel(name: Owner.userLabel, value: user.name), including: [],
            within: EngineTimeout.question
        ).count
    }

    /// How many containers were left behind by servers that are gone.
    ///
    /// - Throws: ``ExecError``.
    public func orphanCount() async throws(ExecError) -> Int {
        let candidates = try await OrphanSweep.candidates(of: self, within: EngineTimeout.question)
        return OrphanSweep.orphans(among: candidates, seenBy: .current()).count
    }

    /// Removes the volumes of a test run's sandbox, once its container is gone.
    public func removeVolumes(of user: UserID, in configuration: SandboxConfiguration) async {
        await remove(volumes: SandboxSpec.volumes(of: user, in: configuration))
    }
}

/// Timeouts of engine commands, in seconds.
enum EngineTimeout {
    /// A query that someone waits for.
    static let question = 5.0
    /// Work in the background.
    static let sweep = 20.0
    /// The start of a sandbox.
    static let start = 60
    /// The start of a sandbox by a launcher, where it may wait in a queue.
    static let launch = 600
}
