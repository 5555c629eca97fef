import ChildProcess
import TestSupport
import Testing

/// What Python's hashlib says.
enum PythonHashes {
    /// Runs `script` for each of `lines`, which it knows as `line`.
    ///
    /// - Returns: the lines that it prints.
    static func lines(of script: String, for lines: [String]) async throws -> [String] {
        let directory = try TemporaryDirectory()
        let input = try directory.write(Array(lines.joined(separator: "\n").utf8), to: "lines")
        let body = script.split(separator: "\n").map { "    \($0)\n" }.joined()
        let program = "import hashlib, sys\nfor line in open(sys.argv[1]).read().split(\"\\n\"):\n\(body)"
        let run = try await Command(executable: "/usr/bin/python3", arguments: ["-I", "-c", program, input])
            .run(limit: 1 << 20, timeout: 60)
        #expect(run.succeeded, "\(run.errorText)")
        return run.text.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init)
    }
}

extension SplitMix64 {
    /// A random number of random bytes, at most `count`.
    mutating func bytes(atMost count: Int) -> [UInt8] {
        (0..<Int.random(in: 0...count, using: &self)).map { _ in UInt8.random(in: 0...255, using: &self) }
    }
}
