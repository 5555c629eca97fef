import Diagnostics
import MCP

/// What a person is told about the servers whose tools code in the sandbox calls.
enum BridgeNotice {
    private static let maxServers = 20
    private static let nameLength = 40
    /// How exec-mcp begins the lines of its log that matter to people.
    private static let prefixes = ["exec-mcp: warning: ", "exec-mcp: error: "]

    /// Returns what the bridge saves in each request to the model, or costs.
    static func text(of report: BridgeReport) -> String {
        let tools = report.servers.reduce(0) { $0 + $1.tools }
        let saved = report.schemaTokens - report.promptTokens
        return """
            --bridge: code calls \(tools.counted("tool")) of \(names(report.servers)); each request is about \
            \(count(abs(saved))) tokens \(saved < 0 ? "longer" : "shorter") than with their definitions (about \
            \(count(report.schemaTokens)), instead of which the prompt has about \(count(report.promptTokens)))
            """
    }

    /// Returns the servers' names in one line.
    ///
    /// - Parameter withTools: whether the number of each one's tools, or why it has none, is named as well.
    static func names(_ servers: [BridgeReport.Server], withTools: Bool = false) -> String {
        let shown = servers.prefix(maxServers).map { server in
            let name = server.name.singleLine(limit: nameLength)
            guard withTools else { return name }
            return server.failure.map { "\(name) (\($0.singleLine(limit: 200)))" } ?? "\(name) (\(server.tools))"
        }
        let rest = servers.count - shown.count
        return shown.joined(separator: ", ") + (rest > 0 ? " and \(rest) more" : "")
    }

    /// Returns the message of a warning or an error in exec-mcp's log; `nil` for any other line.
    static func warning(in line: String) -> String? {
        prefixes.first { line.hasPrefix($0) }.map { String(line.dropFirst($0.count)) }
    }

    /// An estimate: to the nearest ten, or hundred.
    private static func count(_ number: Int) -> String {
        let unit = number < 100 ? 1 : number < 10_000 ? 10 : 100
        return String((number + unit / 2) / unit * unit)
    }
}
