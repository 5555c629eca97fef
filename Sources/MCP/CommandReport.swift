public import JSON

/// What exec-mcp says about a command to programs that show it: a member of `_meta` in the result of `execute_bash`.
/// Specific to exec-mcp, not part of MCP.
public struct CommandReport: Sendable, Equatable {
    /// The key in `_meta`.
    public static let metaKey = "exec-mcp/command"
    /// The maximum numbers of artifacts, of calls, and of bytes of a text, that are read.
    private static let (maxArtifacts, maxCalls, maxLength) = (100, 100, 1000)
    private static let maxCount = 1 << 53

    /// An output stream that the result doesn't hold in full.
    public struct Stream: Sendable, Equatable {
        /// How many bytes the command wrote.
        public let bytes: Int
        /// The file in the sandbox that holds the stream; `nil` if it wasn't saved.
        public let path: String?
        /// How many bytes that file holds.
        public let savedBytes: Int

        /// A stream.
        public init(bytes: Int, path: String?, savedBytes: Int) {
            (self.bytes, self.path, self.savedBytes) = (bytes, path, savedBytes)
        }
    }

    /// An artifact that the command added or changed.
    public struct Artifact: Sendable, Equatable {
        /// Its file name.
        public let name: String
        /// Its size in bytes.
        public let size: Int
        /// Whether it wasn't there before.
        public let isNew: Bool
        /// Changes when the file does; empty if unknown.
        public let version: String

        /// An artifact.
        public init(name: String, size: Int, isNew: Bool, version: String) {
            (self.name, self.size, self.isNew, self.version) = (name, size, isNew, version)
        }
    }

    /// A call of another server's tool that the command's code made.
    public struct Call: Sendable, Equatable {
        /// The server's name.
        public let server: String
        /// The tool's own name.
        public let tool: String
        /// How long it took.
        public let seconds: Double
        /// Whether the tool's result was passed on.
        public let isOK: Bool

        /// A call.
        public init(server: String, tool: String, seconds: Double, isOK: Bool) {
            (self.server, self.tool, self.seconds, self.isOK) = (server, tool, seconds, isOK)
        }
    }

    /// Standard output; `nil` if all of it is in the result.
    public var standardOutput: Stream?
    /// Standard error; `nil` if all of it is in the result.
    public var standardError: Stream?
    /// The artifacts that the command added or changed.
    public var artifacts: [Artifact]
    /// The calls of other servers' tools, in the order in which they ended.
    public var calls: [Call]

    /// A report.
    public init(
        standardOutput: Stream? = nil, standardError: Stream? = nil, artifacts: [Artifact] = [], calls: [Call] = []
    ) {
        self.standardOutput = standardOutput
        self.standardError = standardError
        self.artifacts = artifacts
        self.calls = calls
    }

    /// Whether there is nothing to say.
    public var isEmpty: Bool {
        standardOutput == nil && standardError == nil && artifacts.isEmpty && calls.isEmpty
    }

    /// Returns the report with other names of artifacts.
    public func mappingNames(_ name: (String) -> String) -> CommandReport {
        var report = self
        report.artifacts = artifacts.map {
            Artifact(name: name($0.name), size: $0.size, isNew: $0.isNew, version: $0.version)
        }
        return report
    }

    /// The member of `_meta`.
    public var json: JSON {
        var json = JSONObject()
        json["stdout"] = standardOutput.map(Self.json)
        json["stderr"] = standardError.map(Self.json)
        if !artifacts.isEmpty {
            json["artifacts"] = .array(
                artifacts.map { artifact in
                    [
                        "name": .string(artifact.name), "size": .integer(artifact.size),
                        "change": artifact.isNew ? "new" : "changed", "version": .string(artifact.version),
                    ]
                })
        }
        if !calls.isEmpty {
            json["calls"] = .array(
                calls.map { call in
                    [
                        "server": .string(call.server), "tool": .string(call.tool),
                        "seconds": .double((call.seconds * 1000).rounded() / 1000), "ok": .bool(call.isOK),
                    ]
                })
        }
        return .object(json)
    }

    private static func json(_ stream: Stream) -> JSON {
        var json: JSONObject = ["bytes": .integer(stream.bytes)]
        json["path"] = stream.path.map(JSON.string)
        json["savedBytes"] = stream.path == nil ? nil : .integer(stream.savedBytes)
        return .object(json)
    }

    /// Parses the member of `_meta`; `nil` if it isn't an object. Texts and numbers are bounded.
    public init?(_ value: JSON?) {
        guard let value, value.objectValue != nil else { return nil }
        standardOutput = Self.stream(value["stdout"])
        standardError = Self.stream(value["stderr"])
        artifacts = (value["artifacts"]?.arrayValue ?? []).prefix(Self.maxArtifacts).compactMap { artifact in
            guard let name = Self.text(artifact["name"]) else { return nil }
            return Artifact(
                name: name, size: Self.count(artifact["size"]), isNew: artifact["change"] == "new",
                version: Self.text(artifact["version"]) ?? "")
        }
        calls = (value["calls"]?.arrayValue ?? []).prefix(Self.maxCalls).compactMap { call in
            guard let server = Self.text(call["server"]), let tool = Self.text(call["tool"]) else { return nil }
            return Call(
                server: server, tool: tool, seconds: max(call["seconds"]?.numberValue ?? 0, 0), isOK: call["ok"] == true
            )
        }
    }

    private static func stream(_ value: JSON?) -> Stream? {
        guard let value, value.objectValue != nil else { return nil }
        return Stream(
            bytes: count(value["bytes"]), path: text(value["path"]), savedBytes: count(value["savedBytes"]))
    }

    private static func text(_ value: JSON?) -> String? {
        value?.stringValue.flatMap { $0.utf8.count <= maxLength ? $0 : nil }
    }

    private static func count(_ value: JSON?) -> Int { min(max(value?.integerValue ?? 0, 0), maxCount) }
}
