/// One container to start, in no engine's own words. A pure value: whatever has to be looked up was looked up before.
///
/// The hardening is not a setting and not part of it: ``ContainerEngine`` says what every container gets.
public struct ContainerSpec: Sendable, Equatable {
    /// A name and a value: a label, or a variable of the environment.
    package struct Pair: Sendable, Equatable {
        package let name: String
        package let value: String
    }

    /// What is at a place of the container.
    package enum Mount: Sendable, Equatable {
        /// A named volume of the engine's, which outlives the container.
        case volume(name: String, target: String)
        /// A file or directory of the host, by its absolute path.
        case host(source: String, target: String, isReadOnly: Bool)
    }

    /// A directory in memory that every user of the container may write to.
    package struct MemoryDirectory: Sendable, Equatable {
        package let path: String
        /// What it may hold, in bytes. It counts towards the memory limit.
        package let size: Int
    }

    package let name: String
    /// What it takes itself to be called, which it can look up without a network.
    package let hostName: String
    package var labels: [Pair]
    package let image: String
    /// What its processes run under.
    package let account: Account
    /// `none`, or the name of one of the engine's networks.
    package let network: String
    /// The engine's runtime; `nil` for its own.
    package let runtime: String?
    /// Memory in bytes of all processes and directories in memory together; there is no swap.
    package let memory: Int
    /// What `/dev/shm` may hold, in bytes.
    package let sharedMemory: Int
    /// How many processors' time it may use, as a decimal number.
    package let cpus: String
    /// How many processes and threads it may have.
    package let pids: Int
    package let memoryDirectories: [MemoryDirectory]
    package let mounts: [Mount]
    package let environment: [Pair]
    /// Process 1: a program on the image's `PATH`, and its arguments.
    package let command: [String]
}
