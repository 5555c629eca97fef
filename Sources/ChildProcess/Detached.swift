import SystemCalls
import Threading

/// Our ends of a child's three pipes, while they are on their way from one process of ours to another. Whoever holds this
/// closes them.
public struct PipeEnds: Sendable, Equatable {
    /// Leads to its standard input.
    public let input: Int32
    /// Comes from its standard output.
    public let output: Int32
    /// Comes from its standard error.
    public let errorOutput: Int32

    /// These ends.
    public init(input: Int32, output: Int32, errorOutput: Int32) {
        self.input = input
        self.output = output
        self.errorOutput = errorOutput
    }

    /// Closes them.
    public func close() {
        for end in [input, output, errorOutput] { _ = systemClose(end) }
    }
}

/// Starts this program once more, in a session of its own and to outlive us: its standard input, output and error lead
/// nowhere, its directory is `/`, and it has no descriptor of ours but those that are named.
///
/// A thread reaps it if it ends before us.
///
/// - Parameters:
///   - arguments: what it gets after its own name.
///   - descriptors: what it has as its descriptors 3 and up. They stay open here.
/// - Throws: ``SpawnError``.
public func spawnOurselves(_ arguments: [String], passing descriptors: [Int32]) throws(SpawnError) {
    guard let program = Executables.ownFile, !arguments.contains(where: { $0.utf8.contains(0) }) else {
        throw SpawnError(executable: "this program", errno: ENOENT, operation: "cannot start")
    }
    // Out of the way of the numbers that they are to have, lest one takes the place of another before its turn.
    let first = Int32(3)
    let copies = descriptors.map { fcntl($0, F_DUPFD_CLOEXEC, first + Int32(descriptors.count)) }
    defer { for copy in copies where copy >= 0 { _ = systemClose(copy) } }
    guard !copies.contains(where: { $0 < 0 }) else {
        throw SpawnError(executable: program, errno: errno, operation: "cannot copy a descriptor for")
    }
    var actions = FileActions()
    defer { actions.destroy() }
    for standard in 0..<first { actions.open("/dev/null", as: standard) }
    for (place, copy) in copies.enumerated() { actions.add(copy, as: first + Int32(place)) }
    actions.closeTheRest(from: first + Int32(descriptors.count))
    actions.changeDirectory("/")
    var attributes = SpawnAttributes()
    defer { attributes.destroy() }

    var identifier: pid_t = 0
    let code = withCStrings(["exec-mcp"] + arguments) { arguments in
        posix_spawn(&identifier, program, &actions.value, &attributes.value, arguments, environ)
    }
    guard code == 0 else { throw SpawnError(executable: program, errno: code, operation: "cannot start") }
    try? BackgroundThread.start("child-reaper") { [identifier] in _ = reap(identifier) }
}

private func systemClose(_ descriptor: Int32) -> Int32 {
    close(descriptor)
}
