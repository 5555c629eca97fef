/// A container to start, independent of the engine. A pure value: everything that has to be looked up is resolved
/// before.
///
/// The hardening isn't a setting and not part of it; see ``ContainerEngine`` for what every container gets.
public struct ContainerSpec: Sendable, Equatable {
    /// A name and a value: a label or an environment variable.
    package struct Pair: Sendable, Equatable {
        package let name: String
        package let value: String
    }

    /// What is mounted in the container.
    package enum Mount: Sendable, Equatable {
        /// A named volume of the engine, which outlives the container.
        case volume(name: String, target: String)
        /// A named volume that holds files for reading. The image's content is not copied into it.
        case files(volume: String, target: String)
        /// A file or directory of the host, by absolute path.
        case host(source: String, target: String, isReadOnly: Bool)
    }

    /// An in-memory directory that every user in the container may write to.
    package struct MemoryDirectory: Sendable, Equatable {
        package let path: String
        /// Its capacity in bytes. What it holds counts toward the memory limit.
        package let size: Int
    }

    package let name: String
    /// The container's own host name, which it can resolve without a network.
    package let hostName: String
    package var labels: [Pair]
    package let image: String
    /// The account that its processes run under.
    package var account: Account
    /// `none`, or the name of one of the engine's networks.
    package let network: String
    /// The engine's runtime; `nil` for the engine's default.
    package let runtime: String?
    /// Memory limit in bytes for all processes and in-memory directories together. There is no swap.
    package let memory: Int
    /// The capacity of `/dev/shm`, in bytes.
    package let sharedMemory: Int
    /// How many processors' worth of time it may use, as a decimal number.
    package let cpus: String
    /// How many processes and threads it may have.
    package let pids: Int
    package let memoryDirectories: [MemoryDirectory]
    package let mounts: [Mount]
    package let environment: [Pair]
    /// Process 1: a program on the image's `PATH`, and its arguments.
    package var command: [String]
}
