import CEmbeddedFiles
import EmbeddedFiles

extension EmbeddedFiles {
    /// Python programs that the commands run in a sandbox.
    static let commandPrograms = EmbeddedFiles(embedded_command_programs())
}
