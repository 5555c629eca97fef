import SystemCalls
import Threading

/// Starts another instance of this program that outlives this process: in its own session, with standard input, output
/// and error on `/dev/null`, in the directory `/`, and without our descriptors except the given ones.
///
/// A thread reaps it if it ends before this process.
///
/// - Parameters:
///   - arguments: the arguments after the program's name.
///   - descriptors: passed on as descriptors 3 and up. They stay open in this process.
/// - Throws: ``SpawnError``.
public func spawnOurselves(_ arguments: [String], passing descriptors: [Int32]) throws(SpawnError) {
    guard let program = Executables.ownFile, !arguments.contains(where: { $0.utf8.contains(0) }) else {
        throw SpawnError(executable: "this program", errno: ENOENT, operation: "cannot start")
    }
    // Copies above the target numbers, so that no descriptor is overwritten before it has been duplicated.
    let first = Int32(3)
    let copies = descriptors.map { fcntl($0, F_DUPFD_CLOEXEC, first + Int32(descriptors.count)) }
    defer { for copy in copies where copy >= 0 { close(copy) } }
    guard !copies.contains(where: { $0 < 0 }) else {
        throw SpawnError(executable: program, errno: errno, operation: "cannot duplicate a descriptor for")
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
