/// One container to start, in no engine's own words. A pure value: whatever has to be looked up was looked up before.
///
/// The hardening is not a setting and not part of it: ``ContainerEngine`` says what every container gets.
public struct ContainerSpec: Sendable, Equatable {
    /// A name and a value: a label, or a variable of the environment.
    struct Pair: Sendable, Equatable {
        let name: String
        let value: String
    }

    /// What is at a place of the container.
    enum Mount: Sendable, Equatable {
        /// A named volume of the engine's, which outlives the container.
        case volume(name: String, target: String)
        /// A file or directory of the host, by its absolute path.
        case host(source: String, target: String, isReadOnly: Bool)
    }

    /// A directory in memory that every user of the container may write to.
    struct MemoryDirectory: Sendable, Equatable {
        let path: String
        /// What it may hold, in bytes. It counts towards the memory limit.
        let size: Int
    }

    let name: String
    /// What it takes itself to be called, which it can look up without a network.
    let hostName: String
    var labels: [Pair]
    let image: String
    /// What its processes run under.
    let account: Account
    /// `none`, or the name of one of the engine's networks.
    let network: String
    /// The engine's runtime; `nil` for its own.
    let runtime: String?
    /// Memory in bytes of all processes and directories in memory together; there is no swap.
    let memory: Int
    /// What `/dev/shm` may hold, in bytes.
    let sharedMemory: Int
    /// How many processors' time it may use, as a decimal number.
    let cpus: String
    /// How many processes and threads it may have.
    let pids: Int
    let memoryDirectories: [MemoryDirectory]
    let mounts: [Mount]
    let environment: [Pair]
    /// Process 1: a program on the image's `PATH`, and its arguments.
    let command: [String]
}
