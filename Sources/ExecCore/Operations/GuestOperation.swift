import JSON

/// The operations of the guest, by the names that they have on the channel. Each has its parameters and its results
/// beside it here; `guest/keepers.py` and `guest/calls.py` are the other side.
enum GuestOperation: String, Sendable, CaseIterable {
    case execute
    case readFile = "read_file"
    case writeFile = "write_file"
    case readDocstring = "read_docstring"
    case listArtifacts = "list_artifacts"
    case readArtifact = "read_artifact"
}

/// What the guest is told of a call.
protocol GuestParameters: Sendable {
    /// Which operation it is.
    static var operation: GuestOperation { get }

    /// How long it may take by the guest's clock, in seconds.
    var timeout: Double { get }

    /// All of it, as it is written.
    var json: JSON { get }
}

extension JSON {
    /// The member that has this name on the channel.
    subscript<Name: RawRepresentable>(_ name: Name) -> JSON? where Name.RawValue == String {
        self[name.rawValue]
    }
}
