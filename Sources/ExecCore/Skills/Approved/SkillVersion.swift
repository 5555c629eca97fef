package import JSON

/// A tool server that a skill's code calls, and what its tools declared when the skill was approved.
public struct SkillRequirement: Sendable, Equatable {
    /// The name of the Python module: `servers.<module>`.
    public let module: String
    /// The server's name in the configuration; `nil` if it was unknown at the approval.
    public let server: String?
    /// The digest of each tool's declaration, by the tool's name; empty if they were unknown at the approval.
    public let tools: [String: String]
    /// The names of tools that the code uses and that the server did not have at the approval; `nil` if that wasn't
    /// looked at.
    public let missing: [String]?

    /// Creates a requirement.
    public init(module: String, server: String?, tools: [String: String], missing: [String]? = nil) {
        self.module = module
        self.server = server
        self.tools = tools
        self.missing = missing
    }
}

/// Where a skill comes from: an agent wrote it and a person approved it.
public struct SkillVersion: Sendable, Equatable {
    /// The skill's name.
    public let name: String
    /// Its number, from 1. Numbers are never used again.
    public let number: Int
    /// The digest of its files.
    public let digest: String
    /// Its files.
    public let entries: [SkillManifest.Entry]
    /// Who approved it.
    public let approver: String
    /// When, in seconds since 1970.
    public let approved: Int
    /// The user in whose workspace the draft was.
    public let author: String
    /// When the draft was changed last, in seconds since 1970, by the clock of the sandbox's machine.
    public let written: Int
    /// What became of the draft's own tests, in words.
    public let tests: String
    /// The servers marked untrusted whose results a session had read before it wrote the draft, as far as known.
    public let untrustedServers: [String]
    /// The servers that its code calls.
    public let requirements: [SkillRequirement]

    /// Creates a version.
    public init(
        name: String, number: Int, digest: String, entries: [SkillManifest.Entry], approver: String, approved: Int,
        author: String, written: Int, tests: String, untrustedServers: [String], requirements: [SkillRequirement]
    ) {
        self.name = name
        self.number = number
        self.digest = digest
        self.entries = entries
        self.approver = approver
        self.approved = approved
        self.author = author
        self.written = written
        self.tests = tests
        self.untrustedServers = untrustedServers
        self.requirements = requirements
    }
}

extension SkillVersion {
    private static let maxTools = 10_000

    /// The form in which it is stored.
    package var json: JSONObject {
        [
            "name": .string(name), "version": .integer(number), "digest": .string(digest),
            "files": .array(
                entries.map {
                    ["path": .string($0.path), "size": .integer($0.size), "sha256": .string($0.digest)]
                }),
            "by": .string(approver), "at": .integer(approved), "author": .string(author),
            "written": .integer(written), "tests": .string(tests),
            "untrusted": .array(untrustedServers.map { .string($0) }),
            "servers": .array(
                requirements.map { requirement in
                    var tools = JSONObject()
                    for (tool, digest) in requirement.tools.sorted(by: { $0.key < $1.key }) {
                        tools[tool] = .string(digest)
                    }
                    return [
                        "module": .string(requirement.module),
                        "server": requirement.server.map { .string($0) } ?? .null, "tools": .object(tools),
                        "missing": requirement.missing.map { .array($0.map { .string($0) }) } ?? .null,
                    ]
                }),
        ]
    }

    /// Reads what ``json`` is; `nil` if anything in it is not what that writes.
    package init?(_ value: JSON) {
        guard let name = value["name"]?.stringValue, SkillContent.nameDefect(name) == nil,
            let number = value["version"]?.integerValue, number > 0,
            let digest = value["digest"]?.stringValue, Self.isDigest(digest),
            let files = value["files"]?.arrayValue?.map(Self.entry), let approver = value["by"]?.stringValue,
            let approved = value["at"]?.integerValue, let author = value["author"]?.stringValue,
            let written = value["written"]?.integerValue, let tests = value["tests"]?.stringValue,
            let untrusted = value["untrusted"]?.arrayValue?.map(\.stringValue),
            let servers = value["servers"]?.arrayValue?.map(Self.requirement)
        else { return nil }
        let entries = files.compactMap { $0 }
        guard entries.count == files.count, !untrusted.contains(nil), servers.allSatisfy({ $0 != nil }),
            SkillContent.defect(ofPaths: entries.map(\.path)) == nil, SkillContent.digest(of: entries) == digest
        else { return nil }
        self.init(
            name: name, number: number, digest: digest, entries: entries, approver: approver, approved: approved,
            author: author, written: written, tests: tests, untrustedServers: untrusted.compactMap { $0 },
            requirements: servers.compactMap { $0 })
    }

    static func isDigest(_ text: String) -> Bool {
        text.utf8.count == 64
            && text.utf8.allSatisfy {
                UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 || UInt8(ascii: "a")...UInt8(ascii: "f") ~= $0
            }
    }

    private static func entry(_ value: JSON) -> SkillManifest.Entry? {
        guard let path = value["path"]?.stringValue, let size = value["size"]?.integerValue, size >= 0,
            size <= SkillContent.maxBytes, let digest = value["sha256"]?.stringValue, isDigest(digest)
        else { return nil }
        return SkillManifest.Entry(path: path, size: size, digest: digest)
    }

    private static func requirement(_ value: JSON) -> SkillRequirement? {
        guard let module = value["module"]?.stringValue, let tools = value["tools"]?.objectValue,
            tools.count <= maxTools
        else { return nil }
        var digests: [String: String] = [:]
        for tool in tools {
            guard let digest = tool.value.stringValue else { return nil }
            digests[tool.key] = digest
        }
        let missing = value["missing"]?.arrayValue?.map(\.stringValue)
        if let missing, missing.count > maxTools || missing.contains(nil) { return nil }
        return SkillRequirement(
            module: module, server: value["server"]?.stringValue, tools: digests,
            missing: missing?.compactMap { $0 })
    }
}
