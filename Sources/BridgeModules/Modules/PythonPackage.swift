import CEmbeddedFiles
import EmbeddedFiles

/// The Python package `servers` and the command `mcp`, which the generated modules and scripts in the sandbox use. Their
/// source is embedded in this binary.
public enum PythonPackage {
    /// The files by their paths below `/mcp`. Those in `bin/` are programs.
    public static let files = EmbeddedFiles(embedded_bridge_package()).all.map { (path: $0.name, content: $0.bytes) }
}
