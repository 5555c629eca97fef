import JSON
import MCP

/// What a tool declared when it was first seen, or when a person accepted it.
struct ToolPin: Sendable, Equatable {
    /// Larger declarations are only known by their digest.
    private static let maxDeclarationBytes = 256 * 1024

    let name: String
    /// See ``ToolDigest``.
    let digest: String
    /// The declaration, to show what has changed; `nil` if it was too large to be kept.
    var declaration: JSONObject?

    /// Pins a tool as it is.
    init(_ tool: Tool) {
        name = tool.name
        digest = ToolDigest.digest(of: tool)
        let declaration = ToolDigest.declaration(of: tool)
        let isShort = JSON.object(declaration).serialized().count <= Self.maxDeclarationBytes
        self.declaration = isShort ? declaration : nil
    }

    /// Reads a pin as ``json`` writes it; `nil` if it is damaged.
    init?(_ value: JSON) {
        guard let name = value["name"]?.stringValue, let digest = value["digest"]?.stringValue else { return nil }
        self.name = name
        self.digest = digest
        declaration = value["declaration"]?.objectValue
    }

    /// The form for a file.
    var json: JSON {
        var members: JSONObject = ["name": .string(name), "digest": .string(digest)]
        members["declaration"] = declaration.map { .object($0) }
        return .object(members)
    }

    /// The members of the declaration that differ from those of a tool, such as `description`; empty if the declaration
    /// was not kept.
    func differences(from tool: Tool) -> [String] {
        guard let declaration else { return [] }
        let now = ToolDigest.declaration(of: tool)
        return Set(declaration.keys + now.keys).sorted().filter { member in
            // Canonically equivalent texts are different texts.
            declaration[member]?.serialized() != now[member]?.serialized()
        }
    }
}

/// The pins of one server's tools, by their names' bytes: names that are canonically equivalent are different names.
struct ToolPinSet: Sendable, Equatable {
    /// More tools aren't pinned.
    static let maxTools = 10_000

    private(set) var pins: [[UInt8]: ToolPin] = [:]

    /// The pin of a tool; `nil` if none.
    func pin(of tool: String) -> ToolPin? { pins[Array(tool.utf8)] }

    /// Adds or replaces a pin.
    mutating func set(_ pin: ToolPin) {
        let name = Array(pin.name.utf8)
        guard pins[name] != nil || pins.count < Self.maxTools else { return }
        pins[name] = pin
    }

    /// Pins the tools that have no pin. Of several with one name the first counts, as in calls.
    ///
    /// - Returns: the names of those that it pinned.
    mutating func add(_ tools: [Tool]) -> [String] {
        var added: [String] = []
        for tool in tools where pin(of: tool.name) == nil && pins.count < Self.maxTools {
            set(ToolPin(tool))
            added.append(tool.name)
        }
        return added
    }
}
