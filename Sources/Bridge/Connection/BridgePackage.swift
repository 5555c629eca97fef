import BridgeModules
import ExecCore

/// The Python package that the modules of servers build on.
enum BridgePackage {
    /// Its files.
    static let files = PythonPackage.files.map { ModuleFile(path: $0.path, content: $0.content) }
}
