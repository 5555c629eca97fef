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
        /// It can't be read at the moment; with the system's reason. What it says is not known.
        case unreadable(String)
        case pins(ToolPinSet)

        /// What keeps the file from being used, as the rest of a sentence on it; `nil` if nothing does.
        var obstacle: String? {
            switch self {
            case .damaged: "is damaged"
            case .unreadable(let reason): "cannot be read: \(reason)"
            case .missing, .pins: nil
            }
        }
    }

    /// Increment when the format changes.
    private static let format = 1
    private static let directory = "pins"
    private static let maxBytes = 16 << 20
    /// Room for what is not a declaration.
    private static let maxDeclarationBytes = 8 << 20
    private static let maxFiles = 1000

    /// Reads a file, as ``StateFile/content(limit:)`` does.
    typealias Reader = @Sendable (StateFile) throws(StateDirectory.ReadError) -> [UInt8]?

    private let file: StateFile
    private let server: String
    private let reading: Reader?

    /// - Parameter reading: reads the file; `nil` for the usual way.
    init(of entry: ToolServerEntry, in state: StateDirectory, reading: Reader? = nil) {
        self.reading = reading
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
        let content: [UInt8]?
        do throws(StateDirectory.ReadError) {
            if let reading {
                content = try reading(file)
            } else {
                content = try file.content(limit: Self.maxBytes)
            }
        } catch {
            switch error {
            case .unusable: return .damaged
            case .system(let error): return .unreadable(error.description)
            }
        }
        guard let bytes = content else { return .missing }
        guard let value = try? JSON.parse(bytes), value["format"]?.integerValue == Self.format,
            let stored = value["tools"]?.arrayValue
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
    /// - Returns: whether what `change` returned is now in the file. What can't be read isn't replaced.
    func update(_ change: (Content) -> ToolPinSet?) -> Bool {
        file.exclusively {
            let content = read()
            if case .unreadable = content { return false }
            guard let set = change(content) else { return true }
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
