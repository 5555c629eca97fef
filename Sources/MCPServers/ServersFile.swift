import Diagnostics
import HostConfiguration
public import JSON
import SystemCalls

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
    public static let sizeLimit = 1024 * 1024

    private var listed: [Listed] = []
    /// Whether the file has a section for servers, even an empty one.
    private var isKnown = false

    /// Reads and parses such a file; see ``parse(_:named:variables:directory:program:references:onWarning:)``.
    ///
    /// - Parameters:
    ///   - variables: the values of references to environment variables.
    ///   - program: the name of this program.
    ///   - references: what is resolved in a host's place.
    ///   - onWarning: called with each part that is ignored and why; includes the file's path.
    /// - Throws: ``ServerConfigurationError``; includes the file's path.
    public static func read(
        _ path: String, variables: [String: String], program: String, references: HostReferences = HostReferences(),
        onWarning: (String) -> Void
    ) throws(ServerConfigurationError) -> [ToolServerEntry] {
        do throws(ServerConfigurationError) {
            let text = try contents(of: path)
            let servers = try parse(
                text, named: path, variables: variables, directory: Files.currentDirectory ?? "/",
                program: program, references: references
            ) { onWarning("\(path): \($0)") }
            if servers.isEmpty { onWarning("\(path): it contains no usable server") }
            return servers
        } catch {
            throw ServerConfigurationError(message: "\(path): \(error.message)")
        }
    }

    /// Reads a file, also from a pipe.
    ///
    /// - Throws: ``ServerConfigurationError`` without the file's path.
    static func contents(of path: String, limit: Int = sizeLimit) throws(ServerConfigurationError) -> [UInt8] {
        do throws(Descriptors.ContentsError) {
            return try Files.contents(of: path, limit: limit)
        } catch {
            switch error {
            case .tooLong: throw ServerConfigurationError(message: "it has more than \(limit) bytes")
            case .system(let error): throw ServerConfigurationError(message: "it cannot be read: \(error)")
            }
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
    ///   - references: what is resolved in a host's place.
    ///   - onWarning: called with each part that is ignored and why.
    /// - Throws: ``ServerConfigurationError`` if the text isn't such a file.
    static func parse(
        _ text: [UInt8], named name: String = "", variables: [String: String], directory: String = "/",
        program: String = "this program", references: HostReferences = HostReferences(),
        onWarning: (String) -> Void = { _ in }
    ) throws(ServerConfigurationError) -> [ToolServerEntry] {
        var repeated: [String] = []
        var file = ServersFile()
        let document = try document(text, name, &repeated)
        if let entries = try ResolvedServers.entries(of: document) { return entries }
        try file.list(document, directory, program, onWarning)
        let switches: ServerSwitches
        do throws(ServerConfigurationError) {
            switches = try ServerSwitches(document)
        } catch {
            onWarning(error.message)
            return []
        }
        for name in Set(repeated).sorted() {
            onWarning("duplicate \(name.singleLine(limit: 100)); the last one is used")
        }
        let reader = ServerEntryParser(
            variables: variables, directory: directory, references: references,
            inputs: references.inputPrefix.map { InputValues(prefix: $0, document) })
        var entries: [ToolServerEntry] = []
        for server in file.listed where switches.uses(server.name) {
            do throws(ServerConfigurationError) {
                let found = try reader.entry(server.name, server.members) {
                    onWarning("\(server.place.singleLine(limit: 100)): \($0)")
                }
                guard var entry = found else { continue }
                entry.tools.switches = switches.tools
                if let earlier = entries.firstIndex(where: { $0.name.utf8.elementsEqual(entry.name.utf8) }) {
                    onWarning("\(server.place.singleLine(limit: 100)): duplicate name; the last one is used")
                    entries.remove(at: earlier)
                }
                entries.append(entry)
            } catch {
                onWarning("\(server.place.singleLine(limit: 100)): \(error.message); it is left out")
            }
        }
        return entries
    }

    /// Returns the servers of a host's file by name, and the inputs that they may refer to, exactly as they stand there.
    /// Servers for a single directory are left out.
    ///
    /// - Throws: ``ServerConfigurationError`` if the file can't be read or isn't such a file.
    public static func entries(
        in path: String
    ) throws(ServerConfigurationError) -> (servers: JSONObject, inputs: [JSON]) {
        var repeated: [String] = []
        var file = ServersFile()
        let document = try document(try contents(of: path), path, &repeated)
        try file.list(document, "", "exec-mcp") { _ in }
        var servers = JSONObject()
        for server in file.listed { servers[server.name] = server.members }
        return (servers, InputValues.declared(in: document))
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
            let place = path.joined(separator: ".")
            if listed.isEmpty {
                add(value, place)
            } else if Self.hasServers(value) {
                onWarning("\(place): ignored; of several sections with servers, only the first counts")
            }
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
                    "it must contain an object mcpServers: {\"mcpServers\": {\"NAME\": {…}}}, or that of another MCP host"
            )
        }
    }

    private static func hasServers(_ section: JSON?) -> Bool {
        let entries = section?.objectValue?.map(\.value) ?? section?.arrayValue ?? []
        return entries.contains(where: ServerEntryParser.isLikeServer)
    }

    private mutating func add(_ section: JSON?, _ place: String) {
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
