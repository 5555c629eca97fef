import ExecCore
import JSON
import JSONRPC
import MCP
import PrivateData

/// Replaces private values in everything that a call returns to the client, and tokens in what a call gets from it.
///
/// Exists only if private data is replaced at all.
struct PrivateDataFilter: CallInterceptor {
    /// The arguments of tools that may hold tokens: what reaches the sandbox. A refusal quotes none of them.
    private static let restoredArguments = ["command", "content", "file_path"]

    let vaults: PrivateDataVaults
    private let lastFile = RedactedFile()

    init(vaults: PrivateDataVaults) {
        self.vaults = vaults
    }

    // MARK: - Out

    func intercept(_ call: ToolCall, next: CallHandler) async -> CallResult {
        guard !call.quotesTokens else { return await next(call) }
        let vault = vault(of: call.user)
        var call = call
        if let report = call.progress.report {
            call.progress = Progress(report: { line in report(vault.redactUnfinished(line)) })
        }
        call.interaction = call.interaction.map { PrivateInteraction(inner: $0, vault: vault) }
        switch await next(call) {
        case .tool(let result, let remark):
            var redacted = Self.redacted(result, isDocstring: call.name == ReadDocstringTool.name, by: vault)
            if let notice = vault.takeNotice() { redacted = redacted.addingNote(notice) }
            return .tool(redacted, remark: remark.map { vault.redact($0) })
        case .resource(let contents): return .resource(Self.redacted(contents, by: vault))
        case .sandbox(let reply): return .sandbox(redacted(reply, by: vault))
        case .failure(let error):
            let data = error.data.map { vault.redact($0) }
            return .failure(RPCError(code: error.code, message: vault.redact(error.message), data: data))
        }
    }

    private static func redacted(_ result: ToolResult, isDocstring: Bool, by vault: PrivateDataVault) -> ToolResult {
        let structured = result.structuredContent.map { structured -> JSON in
            guard structured["truncated"] == true else { return vault.redact(structured, keepsNumbers: true) }
            return redacted(truncated: structured, by: vault)
        }
        let content = result.content.enumerated().map { (place, block) -> ContentBlock in
            switch block {
            // The same once more, for clients that show only text: escapes of JSON would hide where values begin.
            case .text(let text) where place == 0 && text == result.structuredContent?.text:
                return .text(structured?.text ?? vault.redact(text))
            case .text(let text):
                let next = result.content.dropFirst(place + 1).first
                if isDocstring, text.hasSuffix(DocstringNotice.rest) {
                    let shown = String(text.dropLast(DocstringNotice.rest.count))
                    return .text(vault.redact(shown, cut: .end) + DocstringNotice.rest)
                }
                return .text(vault.redact(text, cut: isCut(before: next) ? .end : []))
            case .image: return block
            case .resourceLink(let uri, let name, let mediaType, let size):
                return .resourceLink(
                    uri: redacted(uri: uri, by: vault), name: vault.redact(name), mediaType: mediaType, size: size)
            }
        }
        let report = result.report.map { $0.mappingNames { vault.redact($0) } }
        return ToolResult(
            content: content, structuredContent: structured, isError: result.isError, report: report)
    }

    /// Whether a block of text is a page that ends within a line.
    private static func isCut(before next: ContentBlock?) -> Bool {
        guard case .text(let remark)? = next else { return false }
        return PageRemark.saysLineIsCut(remark)
    }

    private static func redacted(truncated streams: JSON, by vault: PrivateDataVault) -> JSON {
        guard let members = streams.objectValue else { return vault.redact(streams, keepsNumbers: true) }
        var redacted = JSONObject()
        for member in members {
            redacted[member.key] =
                member.value.stringValue.map { .string(vault.redact(parts: TruncatedStream.parts(of: $0))) }
                ?? member.value
        }
        return .object(redacted)
    }

    private static func redacted(_ contents: ResourceContents, by vault: PrivateDataVault) -> ResourceContents {
        // Skills are the host's own files; those that agents wrote have been here already.
        guard ResourceURI.isOfArtifact(contents.uri) else { return contents }
        return ResourceContents(
            uri: redacted(uri: contents.uri, by: vault), mediaType: contents.mediaType,
            bytes: redacted(contents.bytes, by: vault))
    }

    private func redacted(_ reply: SandboxReply, by vault: PrivateDataVault) -> SandboxReply {
        var redacted = reply
        redacted.members = Self.redacted(namesIn: reply.members, by: vault)
        redacted.content = reply.content.map { content in
            // A part alone could begin or end within a value.
            guard content.isWhole else { return content.replacing([]) }
            let end = content.offset.addingReportingOverflow(content.length)
            return content.replacing(
                lastFile.redacted(content.bytes, by: vault, upTo: end.overflow ? .max : end.partialValue) {
                    Self.redaction(of: $0, by: vault)
                })
        }
        return redacted
    }

    private static func redacted(namesIn members: JSONObject, by vault: PrivateDataVault) -> JSONObject {
        var redacted = members
        for name in SandboxReply.nameMembers {
            if let text = members[name]?.stringValue { redacted[name] = .string(vault.redact(text)) }
        }
        if let entries = members[SandboxReply.entries]?.arrayValue {
            redacted[SandboxReply.entries] = .array(
                entries.map { .object(Self.redacted(namesIn: $0.objectValue ?? [:], by: vault)) })
        }
        return redacted
    }

    private static func redacted(_ bytes: [UInt8], by vault: PrivateDataVault) -> [UInt8] {
        redaction(of: bytes, by: vault).bytes
    }

    /// What isn't text stays as it is, byte for byte.
    private static func redaction(
        of bytes: [UInt8], by vault: PrivateDataVault
    ) -> (bytes: [UInt8], revision: Int) {
        guard let encoded = EncodedText(bytes) else { return (bytes, vault.revision) }
        let redaction = vault.redaction(of: encoded.text)
        return (encoded.bytes(of: redaction.text), redaction.revision)
    }

    private static func redacted(uri: String, by vault: PrivateDataVault) -> String {
        guard case .artifact(let name)? = ResourceURI(uri) else { return vault.redact(uri) }
        return ResourceURI.artifact(name: vault.redact(name)).text
    }

    // MARK: - In

    /// Returns the arguments of a tool with tokens replaced by what they stand for.
    ///
    /// - Throws: ``ToolArguments/MismatchError`` for a token that isn't known, or whose value can't stand where it does.
    func restored(_ arguments: JSONObject, for user: UserID) throws(ToolArguments.MismatchError) -> JSONObject {
        let vault = vault(of: user)
        var restored = arguments
        for name in Self.restoredArguments {
            guard let text = arguments[name]?.stringValue else { continue }
            do throws(PrivateDataError) {
                let value: String
                switch name {
                case "command": value = try vault.restore(command: text)
                case "file_path": value = try Self.restored(path: text, by: vault)
                default: value = try vault.restore(text)
                }
                restored[name] = .string(value)
            } catch {
                throw ToolArguments.MismatchError(message: error.message, isOfValue: true, quotesTokens: true)
            }
        }
        return restored
    }

    private static func restored(path: String, by vault: PrivateDataVault) throws(PrivateDataError) -> String {
        guard case .artifact(let name)? = ResourceURI(path) else { return try vault.restore(path) }
        return ResourceURI.artifact(name: try vault.restore(name)).text
    }

    /// Returns a URI, or the path or the name of a file, with its tokens replaced by what they stand for; unchanged if
    /// one of them isn't known, because no file has such a name.
    func restored(uri: String, for user: UserID) -> String {
        (try? Self.restored(path: uri, by: vault(of: user))) ?? uri
    }

    // MARK: - Outside of calls

    /// Returns arguments for a log that holds no values. Tokens stay as they are.
    ///
    /// - Parameter user: `nil` if the request names no valid user.
    func recorded(_ arguments: JSON, of user: UserID?) -> JSON {
        (user.map(vault) ?? vaults.vaultOfNobody()).redact(arguments, keepsTokens: true)
    }

    /// Returns a skill with its description as a user's client may see it. One that an agent wrote may hold values of
    /// the session in which it was written.
    func redacted(_ skill: Skill, of user: UserID) -> Skill {
        guard skill.provenance != nil else { return skill }
        let vault = vault(of: user)
        return skill.described(
            as: vault.redact(skill.description),
            metadata: vault.redact(.object(skill.metadata), keepsNumbers: true).objectValue ?? skill.metadata)
    }

    /// Returns the content of a skill's file as a user's client may see it.
    func redacted(_ bytes: [UInt8], of skill: Skill, for user: UserID) -> [UInt8] {
        skill.provenance == nil ? bytes : Self.redacted(bytes, by: vault(of: user))
    }

    /// Returns an artifact with its name as clients may see it.
    func redacted(_ artifact: Artifact, of user: UserID) -> Artifact {
        artifact.named(vault(of: user).redact(artifact.name))
    }

    /// Returns a change with the artifacts' names as clients may see them.
    func redacted(_ change: ArtifactChange, of user: UserID) -> ArtifactChange {
        let vault = vault(of: user)
        return change.mappingNames { vault.redact($0) }
    }

    private func vault(of user: UserID) -> PrivateDataVault { vaults.vault(of: user.name) }
}

extension PrivateDataVault {
    /// Returns parts of a text between which something was left out, joined with the notices that say so.
    fileprivate func redact(parts: [TruncatedStream.Part]) -> String {
        parts.enumerated().map { place, part in
            switch part {
            case .notice(let text): return redact(text)
            case .text(let text):
                var cut: TextCut = []
                if place > 0 { cut.insert(.start) }
                if place + 1 < parts.count { cut.insert(.end) }
                return redact(text, cut: cut)
            }
        }.joined()
    }
}
