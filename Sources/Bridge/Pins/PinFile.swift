import Hashing
import JSON
import MCPServers
import SystemCalls

/// Keeps the pins of one server's tools between runs: the same file for every user, and for every process with the same
/// entry.
struct PinFile: Sendable {
    /// What is in the file.
    enum Content: Sendable, Equatable {
        case missing
        /// It is there, but its content can't be used.
        case damaged
        case pins(ToolPinSet)
    }

    /// Increment when the format changes.
    private static let format = 1
    private static let directory = "pins"
    private static let maxBytes = 16 << 20
    /// Room for what is not a declaration.
    private static let maxDeclarationBytes = 8 << 20
    private static let maxFiles = 1000

    private let file: StateFile
    private let server: String

    init(of entry: ToolServerEntry, in state: StateDirectory) {
        file = StateFile(directory: state, name: "\(Self.directory)/\(Self.key(of: entry)).json")
        server = entry.name
    }

    /// Which server it is: its name and how it is started. Neither the program's version nor the values of variables
    /// count, so that an update of the server is seen as a change of its tools.
    private static func key(of entry: ToolServerEntry) -> String {
        var parts: [JSON] = [.string(entry.name)]
        if let url = entry.url {
            parts.append(.string(url))
        } else {
            parts += [
                .string(entry.command), .array(entry.arguments.map { .string($0) }),
                entry.workingDirectory.map { .string($0) } ?? .null,
            ]
        }
        return SHA256.hexDigest(of: JSON.array(parts).serialized())
    }

    /// The version that is there now; `nil` if none.
    var version: StateFile.Version? { file.version }

    /// Reads the pins.
    func read() -> Content {
        guard file.version != nil else { return .missing }
        guard let bytes = file.read(limit: Self.maxBytes), let value = try? JSON.parse(bytes),
            value["format"]?.integerValue == Self.format, let stored = value["tools"]?.arrayValue
        else { return .damaged }
        var set = ToolPinSet()
        for element in stored {
            guard let pin = ToolPin(element) else { return .damaged }
            set.set(pin)
        }
        return .pins(set)
    }

    /// Changes the pins while no other process does.
    ///
    /// - Parameter change: receives what is in the file; returns what is to be there, or `nil` for no change.
    /// - Returns: whether what `change` returned is now in the file.
    func update(_ change: (Content) -> ToolPinSet?) -> Bool {
        file.exclusively {
            guard let set = change(read()) else { return true }
            let isWritten = file.write(bytes(of: set))
            file.directory.prune(Self.directory, to: Self.maxFiles)
            return isWritten
        } ?? false
    }

    private func bytes(of set: ToolPinSet) -> [UInt8] {
        var room = Self.maxDeclarationBytes
        let tools = set.pins.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map { _, pin -> JSON in
            var pin = pin
            room -= pin.declaration.map { JSON.object($0).serialized().count } ?? 0
            if room < 0 { pin.declaration = nil }
            return pin.json
        }
        return JSON.object([
            "format": .integer(Self.format), "server": .string(server), "tools": .array(tools),
        ]).serialized()
    }
}
