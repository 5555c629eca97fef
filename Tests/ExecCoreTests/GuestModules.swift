import ChildProcess
import EmbeddedFiles
import JSON
import TestSupport
import Testing

@testable import ExecCore

/// The guest's modules in a Python of this machine, loaded as a sandbox loads them.
enum GuestModules {
    /// Has the program that the sandbox reads from its channel read from a file.
    private static let loading = """
        import os, sys
        directory = sys.argv.pop(1)
        os.dup2(os.open(directory + "/program", os.O_RDONLY), 0)
        exec(open(directory + "/bootstrap").read())
        """

    /// What a script finds.
    private static let heading = """
        import json, os, signal, sys, time
        import guest

        """

    /// Runs `script` in the place of what process 1 does. It finds the modules in `guest` and the arguments in
    /// `sys.argv`.
    ///
    /// - Parameter sources: modules that have another source for this test.
    /// - Returns: what it prints.
    static func run(
        _ script: String, arguments: [String] = [], sources: [String: String] = [:]
    ) async throws -> String {
        let sources = sources.merging(["script": heading + script]) { $1 }
        let modules = EmbeddedFiles.guestModules.all + [EmbeddedFile(name: "script", text: "")]
        let program: JSON = [
            "modules": .array(
                modules.map { [.string($0.name), .string(sources[$0.name] ?? $0.text)] })
        ]
        let text = program.serialized()
        let directory = try TemporaryDirectory()
        let bootstrap = EmbeddedFiles.guestLoaders["bootstrap"]
        let beginning = try #require(bootstrap.firstRange(of: #"package.main.main(program["config"])"#))
        try directory.write(bootstrap[..<beginning.lowerBound] + "package.script.load()\n", to: "bootstrap")
        try directory.write(withUnsafeBytes(of: UInt32(text.count).bigEndian) { Array($0) } + text, to: "program")
        let run = try await Command(
            executable: "/usr/bin/python3",
            arguments: ["-I", "-S", "-X", "utf8", "-c", loading, directory.path] + arguments
        ).run(timeout: 60)
        #expect(run.succeeded, "\(run.errorText)")
        return run.text
    }
}
