/// Unique names for the tools of all servers: 1 to 64 characters of `[a-zA-Z0-9_-]`, the limit of the model APIs. MCP
/// allows more, and names may collide between servers.
struct ToolNames: Sendable {
    /// A tool's origin.
    struct Place: Sendable, Equatable {
        /// The index of its server.
        let server: Int
        /// Its name on that server.
        let name: String
    }

    static let maxLength = 64

    private(set) var places: [String: Place] = [:]
    /// The names of each server's tools, in the order of the tools.
    private(set) var names: [[String]] = []
    /// The last number appended to each name that needed one.
    private var numbers: [String: Int] = [:]

    /// Assigns names to the tools of `servers`. If several servers have a tool of the same name, the first server
    /// keeps the plain name; for the others, the server's name is added as a prefix.
    init(_ servers: [(name: String, tools: [String])]) {
        for (number, server) in servers.enumerated() {
            names.append(
                server.tools.map { tool in
                    let name = freeName(tool, on: server.name)
                    places[name] = Place(server: number, name: tool)
                    return name
                })
        }
    }

    /// Returns a name that isn't used yet.
    private mutating func freeName(_ tool: String, on server: String) -> String {
        let plain = Self.fit(tool, Self.maxLength)
        if places[plain] == nil { return plain }
        let prefixed = Self.fit("\(server)_\(tool)", Self.maxLength)
        if places[prefixed] == nil { return prefixed }
        // Names that differ only in unsupported characters are distinguished by a number.
        while true {
            numbers[prefixed, default: 1] += 1
            let ending = "_\(numbers[prefixed, default: 1])"
            let numbered = prefixed.prefix(Self.maxLength - ending.count) + ending
            if places[String(numbered)] == nil { return String(numbered) }
        }
    }

    private static func fit(_ text: String, _ length: Int) -> String {
        let fitting = text.unicodeScalars.prefix(length).map { scalar in
            switch scalar {
            case "a"..."z", "A"..."Z", "0"..."9", "_", "-": Character(scalar)
            default: "_" as Character
            }
        }
        return fitting.isEmpty ? "_" : String(fitting)
    }
}
