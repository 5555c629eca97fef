public import ChildProcess

/// What runs containers.
///
/// Whatever the engine, every container gets all of the hardening: a root file system that cannot be written, no
/// capabilities and no way to new privileges, an IPC namespace of its own, no core files, a bound on open files, no log of
/// what it says on disk, and an end by SIGKILL after which nothing of it is left. Its image is never fetched for it.
public protocol ContainerEngine: Sendable {
    /// What it is called where a person reads of it: the path of its program.
    var name: String { get }

    /// Starts a container and stays attached to it: what is returned has its standard input, output and error output.
    /// When that input closes, so does the container's.
    ///
    /// - Throws: an error that says why nothing could be started at all. All else shows in how the process ends.
    func start(_ container: ContainerSpec) throws -> ChildProcess

    /// What an end means, in words for a person.
    ///
    /// - Parameters:
    ///   - configuration: what the container was started for.
    ///   - printed: what came instead of the guest's first word.
    func explain(_ end: ChildProcess.End, of configuration: SandboxConfiguration, printed: [UInt8]) -> EngineFailure

    /// What makes this engine, and the container that it would start, another than others: servers that have the same can
    /// go on with each other's sandboxes. The name and the labels of the container don't count.
    func fingerprint(of container: ContainerSpec) -> [String]

    /// Removes containers, running or not, by name or id.
    ///
    /// - Parameter seconds: how long that may take.
    /// - Returns: how it went, in words for the log.
    /// - Throws: ``ExecError`` where the engine cannot be asked.
    @discardableResult
    func remove(_ containers: [String], within seconds: Double) async throws(ExecError) -> String

    /// All containers with the label `label`, running or not.
    ///
    /// - Parameter names: the labels whose values are wanted.
    /// - Throws: ``ExecError`` with what is wrong and how to mend it.
    func containers(
        labelled label: EngineLabel, telling names: [String], within seconds: Double
    ) async throws(ExecError) -> [LabelledContainer]

    /// Removes volumes that are in no container. Failures don't matter: there may be none.
    func remove(volumes: [String]) async

    /// The versions of its two halves, which shows that it answers.
    ///
    /// - Throws: ``ExecError`` with what is wrong and how to mend it.
    func versions() async throws(ExecError) -> EngineVersions

    /// What a person types to look after it.
    ///
    /// - Parameter name: what the person calls it.
    func hints(for name: String) -> EngineHints

    /// Whether it runs without root; `nil` where it does not say.
    func isRootless() async -> Bool?

    /// The image of this name.
    ///
    /// - Throws: ``ExecError``, with the code ``ExecError/Code/imageMissing`` where there is none.
    func image(_ name: String) async throws(ExecError) -> ImageDescription
}

/// Which containers are meant.
public struct EngineLabel: Sendable, Equatable {
    /// The label's name.
    public let name: String
    /// Its value; `nil` for any.
    public let value: String?
}

/// A container that an engine has listed. All of it is the engine's word.
public struct LabelledContainer: Sendable, Equatable {
    /// Its whole id.
    public let id: String
    /// The values of the labels that were asked for, in the same order; empty where it has none.
    public let values: [String]

    /// A container as it was listed.
    public init(id: String, values: [String]) {
        self.id = id
        self.values = values
    }
}

/// Commands for a person who looks after an engine.
public struct EngineHints: Sendable, Equatable {
    /// Lists all containers, running or not.
    public let listContainers: String
    /// Shows what takes the engine's disk.
    public let diskUsage: String

    /// Hints in these words.
    public init(listContainers: String, diskUsage: String) {
        self.listContainers = listContainers
        self.diskUsage = diskUsage
    }
}

/// The versions of an engine's two halves.
public struct EngineVersions: Sendable, Equatable {
    /// The command line's.
    public let client: String
    /// The daemon's; `nil` for an engine that has none.
    public let server: String?

    /// The versions as the engine tells them.
    public init(client: String, server: String?) {
        self.client = client
        self.server = server
    }
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

    /// An image as the engine describes it.
    public init(id: String, size: Int, created: Int?, labels: [String: String]) {
        self.id = id
        self.size = size
        self.created = created
        self.labels = labels
    }
}

/// How a sandbox's container ended, in words.
public struct EngineFailure: Sendable, Equatable {
    /// In a few words, for the log.
    public let summary: String
    /// The failure of a sandbox whose guest never said hello.
    public let startError: ExecError
    /// The failure of one that had been running.
    public let endError: ExecError

    /// An end in these words.
    public init(summary: String, startError: ExecError, endError: ExecError) {
        self.summary = summary
        self.startError = startError
        self.endError = endError
    }
}

extension ContainerEngine {
    /// Whether there is an image of this name.
    func hasImage(_ name: String) async -> Bool {
        (try? await image(name)) != nil
    }

    /// How many containers a user has, running or not.
    ///
    /// - Throws: ``ExecError``.
    public func containerCount(of user: UserID) async throws(ExecError) -> Int {
        try await containers(
            labelled: EngineLabel(name: Owner.userLabel, value: user.name), telling: [], within: EngineTimeout.question
        ).count
    }

    /// How many containers servers left behind that are gone.
    ///
    /// - Throws: ``ExecError``.
    public func orphanCount() async throws(ExecError) -> Int {
        let candidates = try await OrphanSweep.candidates(of: self, within: EngineTimeout.question)
        return OrphanSweep.orphans(among: candidates, seenBy: .current()).count
    }

    /// Removes what a trial's sandbox kept, once its container is gone.
    public func removeVolumes(of user: UserID, in configuration: SandboxConfiguration) async {
        await remove(volumes: SandboxSpec.volumes(of: user, in: configuration))
    }
}

/// How long engines are waited for, in seconds.
enum EngineTimeout {
    /// One answer to a question that somebody waits for.
    static let question = 5.0
    /// What goes on in the background.
    static let sweep = 20.0
}
