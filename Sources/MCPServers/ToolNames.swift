/// Names for the tools of all servers, each of 1 to 64 characters of `[a-zA-Z0-9_-]`: what the APIs of models take. MCP
/// takes more, and every server has names of its own.
struct ToolNames: Sendable {
    /// A tool, and where it is.
    struct Place: Sendable, Equatable {
        /// The number of its server.
        let server: Int
        /// Its name there.
        let name: String
    }

    static let maxLength = 64

    private(set) var places: [String: Place] = [:]
    /// The names of each server's tools, in their order.
    private(set) var names: [[String]] = []
    /// The last number behind each name that needed one.
    private var numbers: [String: Int] = [:]

    /// Names for the tools of `servers`, whose names go before those of tools that another server has as well. The
    /// server that comes first keeps the plain name.
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

    /// A name that is not taken yet.
    private mutating func freeName(_ tool: String, on server: String) -> String {
        let plain = Self.fit(tool, Self.maxLength)
        if places[plain] == nil { return plain }
        let prefixed = Self.fit("\(server)_\(tool)", Self.maxLength)
        if places[prefixed] == nil { return prefixed }
        // Names that differ only in what does not fit: a number tells them apart.
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
