import JSON
import SystemCalls

/// Parses one server of a host's configuration file, in any of the names and formats that hosts use.
struct ServerEntryParser {
    /// The maximum length of a server's name in characters.
    private static let nameLength = 64
    /// Members that hold the address of a remote server.
    private static let addresses = ["httpUrl", "url", "uri", "serverUrl"]
    /// Server types that are reached by Streamable HTTP.
    private static let remoteTypes: Set<String> = [
        "http", "https", "streamable-http", "streamablehttp", "streamable_http", "remote",
    ]
    /// Server types of other protocols.
    private static let otherTypes: Set<String> = ["sse", "ws", "websocket"]
    /// Server types that are local programs, even if other members suggest otherwise.
    private static let localTypes: Set<String> = ["stdio", "local"]
    /// Types of servers that are built into the host.
    private static let ownTypes: Set<String> = ["builtin", "platform", "frontend", "inline_python"]
    private static let commands = ["command", "cmd"]
    private static let environments = ["env", "environment", "envs"]
    private static let directories = ["cwd", "workingDirectory", "working_directory"]

    let variables: [String: String]
    /// The workspace directory, in the host's terms.
    let directory: String
    /// What is resolved in a host's place.
    var references = HostReferences()
    /// The values of the file's inputs; `nil` if such references are rejected.
    var inputs: InputValues?

    /// Whether a value has the members that identify a server.
    static func isLikeServer(_ value: JSON) -> Bool {
        (commands + addresses).contains { value[$0] != nil }
    }

    /// Parses a server.
    ///
    /// - Parameter onWarning: called with each part of a usable entry that is ignored.
    /// - Returns: `nil` if the server is disabled.
    /// - Throws: ``ServerConfigurationError`` if the entry can't be used.
    func entry(
        _ name: String, _ value: JSON, onWarning: (String) -> Void = { _ in }
    ) throws(ServerConfigurationError) -> ToolServerEntry? {
        let isName = !name.isEmpty && name.count <= Self.nameLength
        guard isName, name.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F }) else {
            throw ServerConfigurationError(
                message: "a server's name must have 1 to \(Self.nameLength) printable characters")
        }
        guard var members = value.objectValue else { throw Self.mismatch("it", "an object", value) }
        if Self.flag(members["disabled"]) == true || Self.flag(members["enabled"]) == false { return nil }
        // Some hosts nest the start parameters under one of these names, or under the command itself.
        for part in ["config", "transport", "command"] {
            guard let inner = members[part]?.objectValue else { continue }
            members[part] = nil
            for member in inner where members.given(member.key) == nil { members[member.key] = member.value }
            if part == "command", members["command"] == nil { members["command"] = inner["path"] }
        }
        return try entry(name, members, isRemote: try Self.isRemote(members), onWarning)
    }

    private func entry(
        _ name: String, _ members: JSONObject, isRemote: Bool, _ onWarning: (String) -> Void
    ) throws(ServerConfigurationError) -> ToolServerEntry {
        var entry = ToolServerEntry(name: name, command: "")
        var values: [String: String] = [:]
        func expand(_ text: String) throws(ServerConfigurationError) -> String {
            try self.expand(text) { values[$0] = $1 }
        }
        if isRemote {
            let remote = RemoteEntryParser(members: members, variables: variables, expand: expand)
            entry.url = try remote.url(Self.addresses)
            entry.headers = try remote.headers(onWarning)
        } else {
            var words = try command(members)
            words += try arguments(members)
            guard let program = words.first, !program.isEmpty else {
                throw ServerConfigurationError(message: "it lacks command, the program to start")
            }
            entry.command = try expand(program)
            for argument in words.dropFirst() { entry.arguments.append(try expand(argument)) }
        }
        entry.referencedValues = values
        let file = members.given("envFile")
        if references.readsEnvironmentFiles, let file {
            entry.environment = try environmentFile(file)
        }
        for setting in try Self.settings(members) where setting.value != .null {
            guard let text = Self.text(setting.value) else {
                throw Self.mismatch("env.\(setting.key)", "a string", setting.value)
            }
            guard !setting.key.isEmpty, !setting.key.contains("=") else {
                throw ServerConfigurationError(message: "env has a variable whose name is empty or contains =")
            }
            entry.environment[setting.key] = try expand(text)
        }
        if let (name, value) = Self.first(Self.directories, members) {
            guard let text = value.stringValue else { throw Self.mismatch(name, "a string", value) }
            if !text.isEmpty { entry.workingDirectory = try expand(text) }
        }
        if let seconds = members["startup_timeout_sec"]?.numberValue, seconds > 0 { entry.startSeconds = seconds }
        if let milliseconds = members["startup_timeout_ms"]?.numberValue, milliseconds > 0 {
            entry.startSeconds = milliseconds / 1000
        }
        do throws(ServerConfigurationError) {
            entry.tools = try ToolFilter(members: members)
        } catch {
            entry.tools = .nothing
            onWarning(error.message)
        }
        if file != nil, !references.readsEnvironmentFiles {
            onWarning("its envFile is ignored: set the variables in env")
        }
        entry.settings = references.settings.flatMap { members.given($0) }
        return entry
    }

    private func environmentFile(_ value: JSON) throws(ServerConfigurationError) -> [String: String] {
        guard let text = value.stringValue else { throw Self.mismatch("envFile", "a string", value) }
        let path = try expand(text)
        return path.isEmpty ? [:] : try EnvironmentFile.read(path.hasPrefix("/") ? path : "\(directory)/\(path)")
    }

    // MARK: - The parts

    /// Returns the program, followed by the arguments given with it.
    private func command(_ members: JSONObject) throws(ServerConfigurationError) -> [String] {
        guard let (name, value) = Self.first(Self.commands, members) else { return [] }
        if let words = value.arrayValue { return try Self.texts(words, name) }
        guard let text = value.stringValue else { throw Self.mismatch(name, "a string", value) }
        // The text is a whole command line, unless a program of that name exists.
        guard text.contains(" "), !Files.isExecutable(try expand(text)), let words = try? ShellWords.split(text)
        else { return [text] }
        return words
    }

    private func arguments(_ members: JSONObject) throws(ServerConfigurationError) -> [String] {
        switch members.given("args") {
        case nil: return []
        case .array(let elements)?: return try Self.texts(elements, "args")
        case .string(let text)? where text.allSatisfy(\.isWhitespace): return []
        case .string(let text)?: return try ShellWords.split(text)
        case .some(let other): throw Self.mismatch("args", "an array of strings", other)
        }
    }

    /// Returns the environment; also accepts a list of `NAME=VALUE`.
    private static func settings(_ members: JSONObject) throws(ServerConfigurationError) -> JSONObject {
        guard let (name, value) = first(environments, members) else { return JSONObject() }
        if let object = value.objectValue { return object }
        guard let lines = value.arrayValue else { throw mismatch(name, "an object of strings", value) }
        var settings = JSONObject()
        for line in lines {
            guard let text = line.stringValue, let sign = text.firstIndex(of: "=") else {
                throw mismatch("each of \(name)", "NAME=VALUE", line)
            }
            settings[String(text[..<sign])] = .string(String(text[text.index(after: sign)...]))
        }
        return settings
    }

    /// - Parameter onValue: called with the value of each variable and input that it refers to.
    private func expand(
        _ text: String, onValue: (String, String) -> Void = { _, _ in }
    ) throws(ServerConfigurationError) -> String {
        let expanded = try VariableExpansion.expand(
            text, from: variables, directory: directory, inputs: inputs, onValue: onValue)
        guard !expanded.utf8.contains(0) else {
            throw ServerConfigurationError(message: "it has a string with a zero byte")
        }
        return expanded
    }

    /// Whether the server is reached by a URL.
    ///
    /// - Throws: ``ServerConfigurationError`` for a type of server that can't be used.
    private static func isRemote(_ members: JSONObject) throws(ServerConfigurationError) -> Bool {
        let type = (members["type"] ?? members["transport"])?.stringValue?.lowercased() ?? ""
        if localTypes.contains(type), first(commands, members) != nil { return false }
        guard !ownTypes.contains(type) else {
            throw ServerConfigurationError(message: "it is a part of its host (type \(type)), not a separate program")
        }
        guard !otherTypes.contains(type) else {
            throw ServerConfigurationError(
                message: """
                    servers of the type \(type) cannot be used: if it also offers Streamable HTTP, set type to http and \
                    url to that address; otherwise use the command npx with the arguments mcp-remote and the URL
                    """)
        }
        return remoteTypes.contains(type) || addresses.contains { members[$0]?.stringValue?.isEmpty == false }
    }

    // MARK: - Values

    /// Parses a boolean, including the spellings of forms and scripts; `nil` for anything else.
    static func flag(_ value: JSON?) -> Bool? {
        switch value {
        case .bool(let flag)?: return flag
        case .integer(let number)?: return number != 0
        case .string(let text)?:
            switch text.lowercased() {
            case "true", "yes", "on", "1": return true
            case "false", "no", "off", "0": return false
            default: return nil
            }
        default: return nil
        }
    }

    /// Returns the first member with one of these names that has a value.
    static func first(_ names: [String], _ members: JSONObject) -> (name: String, value: JSON)? {
        names.lazy.compactMap { name in members.given(name).map { (name, $0) } }.first
    }

    private static func texts(_ values: [JSON], _ name: String) throws(ServerConfigurationError) -> [String] {
        var texts: [String] = []
        for value in values where value != .null {
            guard let text = text(value) else { throw mismatch("each of \(name)", "a string", value) }
            texts.append(text)
        }
        return texts
    }

    /// Returns a value as the text of an argument or environment variable.
    static func text(_ value: JSON) -> String? {
        switch value {
        case .string(let text): text
        case .integer, .double, .bool: value.text
        default: nil
        }
    }

    static func mismatch(_ what: String, _ kind: String, _ found: JSON) -> ServerConfigurationError {
        ServerConfigurationError(message: "\(what) must be \(kind), not \(found.kindDescription)")
    }
}
