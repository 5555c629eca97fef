import Diagnostics
import HostConfiguration
import JSON

/// The servers in an MCP host's configuration file: `{"mcpServers": {"NAME": {"command", "args", "env", "cwd"}}}`, or
/// the variants of particular hosts. Parsed as leniently as the hosts do: JSON with comments, trailing commas and a
/// byte order mark, TOML, or YAML.
public struct ServersFile {
    /// A server as listed in the file.
    struct Listed {
        /// Its path in the file, for messages: `mcpServers.NAME`.
        let place: String
        let name: String
        let members: JSON
    }

    /// The sections that may hold servers, in the order in which they are searched.
    private static let sections = [
        ["mcpServers"], ["mcp_servers"], ["context_servers"], ["mcp", "servers"], ["mcp"], ["servers"],
        ["amp.mcpServers"], ["experimental", "modelContextProtocolServers"], ["extensions"],
    ]
    /// The section in which Claude Code keeps the servers of single directories.
    private static let projects = "projects"

    /// The maximum file size in bytes.
    private static let sizeLimit = 1024 * 1024

    private var listed: [Listed] = []
    /// Whether the file has a section for servers, even an empty one.
    private var isKnown = false

    /// Reads and parses such a file; see ``parse(_:named:variables:directory:program:onWarning:)``.
    ///
    /// - Parameters:
    ///   - variables: the values of references to environment variables.
    ///   - program: the name of this program.
    ///   - onWarning: called with each part that is ignored and why; includes the file's path.
    /// - Throws: ``ServerConfigurationError``; includes the file's path.
    public static func read(
        _ path: String, variables: [String: String], program: String, onWarning: (String) -> Void
    ) throws(ServerConfigurationError) -> [ToolServerEntry] {
        do throws(ServerConfigurationError) {
            let text = try ProgramFiles.read(path, limit: sizeLimit)
            let servers = try parse(
                text, named: path, variables: variables, directory: ProgramFiles.currentDirectory ?? "/",
                program: program
            ) { onWarning("\(path): \($0)") }
            if servers.isEmpty { onWarning("\(path): it names no server that can be used") }
            return servers
        } catch {
            throw ServerConfigurationError(message: "\(path): \(error.message)")
        }
    }

    /// Parses the text of such a file. Disabled servers are skipped. A server that can't be used is skipped with a
    /// warning, so that the others still work. Unknown members are ignored, because every host has some of its own.
    ///
    /// - Parameters:
    ///   - name: the file's name; its extension determines the format.
    ///   - variables: the values of references to environment variables.
    ///   - directory: the directory that this program runs in: the workspace, in a host's terms.
    ///   - program: the name of this program.
    ///   - onWarning: called with each part that is ignored and why.
    /// - Throws: ``ServerConfigurationError`` if the text isn't such a file.
    static func parse(
        _ text: [UInt8], named name: String = "", variables: [String: String], directory: String = "/",
        program: String = "this program", onWarning: (String) -> Void = { _ in }
    ) throws(ServerConfigurationError) -> [ToolServerEntry] {
        var repeated: [String] = []
        var file = ServersFile()
        let document = try document(text, name, &repeated)
        try file.list(document, directory, program, onWarning)
        let switches: ServerSwitches
        do throws(ServerConfigurationError) {
            switches = try ServerSwitches(document)
        } catch {
            onWarning(error.message)
            return []
        }
        for name in Set(repeated).sorted() {
            onWarning("\(name.singleLine(limit: 100)) is there twice; the last counts")
        }
        let reader = ServerEntryParser(variables: variables, directory: directory)
        var entries: [ToolServerEntry] = []
        for server in file.listed where switches.uses(server.name) {
            do throws(ServerConfigurationError) {
                let found = try reader.entry(server.name, server.members) {
                    onWarning("\(server.place.singleLine(limit: 100)): \($0)")
                }
                guard var entry = found else { continue }
                entry.tools.switches = switches.tools
                if let earlier = entries.firstIndex(where: { $0.name.utf8.elementsEqual(entry.name.utf8) }) {
                    onWarning("\(server.place.singleLine(limit: 100)): this name is there twice; the last counts")
                    entries.remove(at: earlier)
                }
                entries.append(entry)
            } catch {
                onWarning("\(server.place.singleLine(limit: 100)): \(error.message); it is left out")
            }
        }
        return entries
    }

    private static func document(
        _ text: [UInt8], _ name: String, _ repeated: inout [String]
    ) throws(ServerConfigurationError) -> JSON {
        let document: JSON?
        do {
            document = try ConfigurationText.parse(text, named: name, repeated: &repeated)
        } catch {
            throw ServerConfigurationError(message: error.message)
        }
        guard let document else {
            throw ServerConfigurationError(message: "it is not valid JSON: there is nothing in it")
        }
        return document
    }

    /// Finds the servers of a file.
    ///
    /// - Throws: ``ServerConfigurationError`` if it has no section for servers.
    private mutating func list(
        _ document: JSON, _ directory: String, _ program: String, _ onWarning: (String) -> Void
    ) throws(ServerConfigurationError) {
        for path in Self.sections {
            var value: JSON? = document
            for key in path { value = value?[key] }
            // Of the two hosts with an `mcp` section, one has the servers one level deeper.
            if path == ["mcp"], value?["servers"] != nil { continue }
            // A third host has only the names of servers there.
            if path == ["mcp"], ["allowed", "excluded"].contains(where: { value?[$0]?.arrayValue != nil }) { continue }
            if add(value, path.joined(separator: ".")) { break }
        }
        addProject(document[Self.projects]?.objectValue ?? JSONObject(), directory, program, onWarning)
        if !isKnown, case .object(let members) = document, !members.isEmpty,
            members.allSatisfy({ ServerEntryParser.isLikeServer($0.value) })
        {
            add(servers: members, "")
        }
        guard isKnown else {
            throw ServerConfigurationError(
                message:
                    "it must hold an object mcpServers: {\"mcpServers\": {\"NAME\": {…}}}, or what another MCP host has"
            )
        }
    }

    /// - Returns: whether the section holds servers.
    private mutating func add(_ section: JSON?, _ place: String) -> Bool {
        switch section {
        case .null?: isKnown = true
        case .object(let servers)?: add(servers: servers, place + ".")
        case .array(let servers)?:
            isKnown = true
            for (number, members) in servers.enumerated() {
                let name = members["name"]?.stringValue ?? members["id"]?.stringValue ?? "server-\(number + 1)"
                listed.append(Listed(place: "\(place)[\(number)]", name: name, members: members))
            }
        default: break
        }
        return !listed.isEmpty
    }

    private mutating func add(servers: JSONObject, _ prefix: String) {
        isKnown = true
        listed += servers.map { Listed(place: prefix + $0.key, name: $0.key, members: $0.value) }
    }

    /// Adds the servers for the directory that this program runs in. They take precedence over servers of the same
    /// name for all directories.
    private mutating func addProject(
        _ projects: JSONObject, _ directory: String, _ program: String, _ onWarning: (String) -> Void
    ) {
        let own = projects[directory]
        let servers = own?["mcpServers"]?.objectValue ?? JSONObject()
        let others = projects.filter { $0.key != directory && $0.value["mcpServers"]?.objectValue?.isEmpty == false }
        if own?["mcpServers"] != nil || !others.isEmpty { isKnown = true }
        listed.removeAll { servers[$0.name] != nil }
        add(servers: servers, isKnown)
        let off = own?["disabledMcpServers"]?.arrayValue?.compactMap(\.stringValue) ?? []
        listed.removeAll { server in off.contains { $0.utf8.elementsEqual(server.name.utf8) } }
        if listed.isEmpty, let other = others.first {
            let name = other.key.singleLine(limit: 200)
            onWarning("its servers are for other directories than this one, such as \(name): start \(program) there")
        }
    }

    private mutating func add(servers: JSONObject, _ isKnown: Bool) {
        listed += servers.map {
            Listed(place: "\(Self.projects).mcpServers.\($0.key)", name: $0.key, members: $0.value)
        }
    }
}
