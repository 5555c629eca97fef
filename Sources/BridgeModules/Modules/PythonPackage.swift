/// The Python package `servers` and the command `mcp`, which the generated modules and scripts in the sandbox use. Their
/// source is embedded in this binary.
public enum PythonPackage {
    /// The files by their paths below `/mcp`. Those in `bin/` are programs.
    public static let files: [(path: String, content: [UInt8])] = [
        ("bin/mcp", PackageResources.mcp),
        ("servers/__init__.py", PackageResources.__init___py),
        ("servers/_arguments.py", PackageResources._arguments_py),
        ("servers/_bridge.py", PackageResources._bridge_py),
        ("servers/_cli.py", PackageResources._cli_py),
        ("servers/_cli_arguments.py", PackageResources._cli_arguments_py),
        ("servers/_cli_connect.py", PackageResources._cli_connect_py),
        ("servers/_cli_output.py", PackageResources._cli_output_py),
        ("servers/_connection.py", PackageResources._connection_py),
        ("servers/_errors.py", PackageResources._errors_py),
        ("servers/_files.py", PackageResources._files_py),
        ("servers/_helpers.py", PackageResources._helpers_py),
        ("servers/_lines.py", PackageResources._lines_py),
        ("servers/_runtime.py", PackageResources._runtime_py),
        ("servers/_together.py", PackageResources._together_py),
        ("servers/_values.py", PackageResources._values_py),
        ("tools.py", PackageResources.tools_py),
    ]
}
