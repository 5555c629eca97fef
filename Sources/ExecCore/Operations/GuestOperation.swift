import JSON

/// The guest's operations, by their names on the channel. The parameters and results of each are in a file next to
/// this one; `guest/workers.py` and `guest/calls.py` are the other side.
enum GuestOperation: String, Sendable, CaseIterable {
    case execute
    case readFile = "read_file"
    case writeFile = "write_file"
    case readDocstring = "read_docstring"
    case listArtifacts = "list_artifacts"
    case readArtifact = "read_artifact"
    case installModules = "install_modules"
    case storeFile = "store_file"
    case readPart = "read_part"
    case listDirectory = "list_directory"
    case deleteFile = "delete_file"
    case measureWorkspace = "measure_workspace"
}

/// A call to the guest, which is the parameters of one operation.
protocol GuestParameters: Sendable {
    /// The operation to call.
    static var operation: GuestOperation { get }

    /// How long it may take by the guest's clock, in seconds.
    var timeout: Double { get }

    /// The parameters in wire format.
    var json: JSON { get }
}

extension JSON {
    /// The member with this name on the channel.
    subscript<Name: RawRepresentable>(_ name: Name) -> JSON? where Name.RawValue == String {
        self[name.rawValue]
    }
}
