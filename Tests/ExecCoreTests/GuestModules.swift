import ChildProcess
import JSON
import TestSupport
import Testing

@testable import ExecCore

/// The guest's modules in a Python of this machine, for tests of one of them.
enum GuestModules {
    private static let loading = """
        import json, os, signal, sys, time
        guest = sys.modules["guest"] = type(sys)("guest")
        guest.__path__ = []
        for name, source in json.load(open(sys.argv.pop(1))):
            module = sys.modules["guest." + name] = type(sys)("guest." + name)
            setattr(guest, name, module)
            module.__source__ = source
            exec(source, module.__dict__)

        """

    /// All of them as JSON, written once: they are long.
    private static let modules = JSON.array(
        GuestProgram.modules.map { [.string($0.name), .string(String(decoding: $0.source, as: UTF8.self))] }
    ).text

    /// Runs `script`, which finds the modules in `guest` and the arguments in `sys.argv`.
    ///
    /// - Returns: what it prints.
    static func run(_ script: String, arguments: [String] = []) async throws -> String {
        let modules = JSON.array(
            GuestProgram.modules.map { [.string($0.name), .string(String(decoding: $0.source, as: UTF8.self))] })
        // Too long for an argument.
        let directory = try TemporaryDirectory()
        try directory.write(modules.text, to: "modules.json")
        let path = "\(directory.path)/modules.json"
        let run = try await Command(
            executable: "/usr/bin/python3",
            arguments: ["-I", "-S", "-X", "utf8", "-c", loading + script, path] + arguments
        ).run(timeout: 60)
        #expect(run.succeeded, "\(run.errorText)")
        return run.text
    }
}
