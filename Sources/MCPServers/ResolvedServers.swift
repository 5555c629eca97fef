import JSON

/// The form in which one program hands servers to another: complete entries, in which no reference is left to resolve.
///
/// The reader needs neither the files that the servers come from nor the variables that these refer to.
public enum ResolvedServers {
    /// The member of the document that no host's file has.
    static let member = "exec-mcp-servers"

    /// Returns the text of a file for ``ServersFile/read(_:variables:program:references:onWarning:)``.
    public static func text(of entries: [ToolServerEntry]) -> [UInt8] {
        JSON.object([member: .array(entries.map(\.resolvedJSON))]).serialized()
    }

    /// Returns the servers of a document; `nil` if it has another form.
    ///
    /// - Throws: ``ServerConfigurationError`` if an entry has another form than ``text(of:)`` writes.
    static func entries(of document: JSON) throws(ServerConfigurationError) -> [ToolServerEntry]? {
        guard let values = document[member]?.arrayValue else { return nil }
        var entries: [ToolServerEntry] = []
        for value in values {
            guard let entry = ToolServerEntry(resolvedJSON: value) else {
                throw ServerConfigurationError(message: "its \(member) were written by another version")
            }
            entries.append(entry)
        }
        return entries
    }
}

extension ToolServerEntry {
    fileprivate var resolvedJSON: JSON {
        var members: JSONObject = [
            "name": .string(name), "command": .string(command), "args": .array(arguments.map(JSON.string)),
            "env": Self.json(environment), "headers": Self.json(headers), "tools": tools.resolvedJSON,
            "referencedValues": Self.json(referencedValues),
        ]
        members["url"] = url.map(JSON.string)
        members["cwd"] = workingDirectory.map(JSON.string)
        members["startSeconds"] = startSeconds.map(JSON.double)
        members["settings"] = settings
        return .object(members)
    }

    fileprivate init?(resolvedJSON value: JSON) {
        guard let name = value["name"]?.stringValue, let command = value["command"]?.stringValue,
            let arguments = value["args"]?.strings, let environment = Self.texts(value["env"]),
            let headers = Self.texts(value["headers"]),
            let referencedValues = Self.texts(value["referencedValues"]), let filter = value["tools"],
            let tools = ToolFilter(resolvedJSON: filter)
        else { return nil }
        self.init(
            name: name, command: command, arguments: arguments, workingDirectory: value["cwd"]?.stringValue,
            startSeconds: value["startSeconds"]?.numberValue, tools: tools)
        self.environment = environment
        self.headers = headers
        self.referencedValues = referencedValues
        url = value["url"]?.stringValue
        settings = value["settings"]
    }

    private static func json(_ texts: [String: String]) -> JSON {
        var members = JSONObject()
        for (name, value) in texts.sorted(by: { $0.key < $1.key }) { members[name] = .string(value) }
        return .object(members)
    }

    private static func texts(_ value: JSON?) -> [String: String]? {
        guard let members = value?.objectValue else { return nil }
        var texts: [String: String] = [:]
        for member in members {
            guard let text = member.value.stringValue else { return nil }
            texts[member.key] = text
        }
        return texts
    }
}

extension ToolFilter {
    fileprivate var resolvedJSON: JSON {
        let switches = switches.map { rule -> JSON in
            [
                "pattern": .string(rule.pattern), "isOn": .bool(rule.isOn),
                "acceptsPlainNames": .bool(rule.acceptsPlainNames),
            ]
        }
        return [
            "allowances": .array(allowances.map { .array($0.map(JSON.string)) }),
            "denials": .array(denials.map(JSON.string)), "switches": .array(switches),
        ]
    }

    fileprivate init?(resolvedJSON value: JSON) {
        guard let lists = value["allowances"]?.arrayValue, let denials = value["denials"]?.strings,
            let rules = value["switches"]?.arrayValue
        else { return nil }
        let allowances = lists.compactMap(\.strings)
        let switches = rules.compactMap { rule -> ToolSwitch? in
            guard let pattern = rule["pattern"]?.stringValue, let isOn = rule["isOn"]?.boolValue,
                let acceptsPlainNames = rule["acceptsPlainNames"]?.boolValue
            else { return nil }
            return ToolSwitch(pattern: pattern, isOn: isOn, acceptsPlainNames: acceptsPlainNames)
        }
        // A rule that was lost would open what it closes.
        guard allowances.count == lists.count, switches.count == rules.count else { return nil }
        self.init(allowances: allowances, denials: denials, switches: switches)
    }
}

extension JSON {
    /// The elements of an array of strings; `nil` for anything else.
    fileprivate var strings: [String]? {
        guard let elements = arrayValue else { return nil }
        let texts = elements.compactMap(\.stringValue)
        return texts.count == elements.count ? texts : nil
    }
}
