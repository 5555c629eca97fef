import ChildProcess

extension TemporaryDirectory {
    /// Writes a program: a script that names its interpreter in the first line.
    ///
    /// It is another process that writes it: a program that is forked meanwhile would inherit our open file, and one
    /// that is open for writing cannot be run.
    ///
    /// - Returns: its whole path.
    package func writeProgram(_ script: String, to name: String) async throws -> String {
        let file = "\(path)/\(name)"
        let writing = Command(
            executable: "/bin/sh",
            arguments: ["-c", "printf %s \"$1\" > \"$2\" && chmod 755 \"$2\"", "sh", script, file])
        guard try await writing.run(timeout: 60).succeeded else { throw ProgramNotWrittenError() }
        return file
    }

    private struct ProgramNotWrittenError: Error {}
}
