import ExecCore
import JSON
import JSONRPC
import MCP

/// The resources that can be read by URI: the files of the skills, and the artifacts of a user.
struct ResourceCatalog: Sendable {
    static let skillTemplate = ResourcePrefix.skill + "{skill}/{+path}"
    static let artifactTemplate = ResourcePrefix.artifact + "{name}"

    static let templates = [
        ResourceTemplate(
            uriTemplate: skillTemplate, name: "skill-file", title: "File of a skill",
            description: "Know-how for a field of work: SKILL.md and the files that it names."),
        ResourceTemplate(
            uriTemplate: artifactTemplate, name: "artifact", title: "Artifact",
            description: "A file that the agent put into /artifacts for the user: a chart, a table, a document."),
    ]

    let skills: SkillLibrary
    let pool: SandboxPool
    /// Replaces private data in the names of artifacts, and in skills that agents wrote; `nil` if none is replaced.
    var privateData: PrivateDataFilter?

    /// Returns the resources that `user` can read now, in the order of their URIs: all artifacts, and at most `count`
    /// skill files, starting after the URI `last`. Starts no sandbox: if the user's sandbox isn't running, its
    /// artifacts aren't listed.
    func resources(of user: UserID, after last: String?, atMost count: Int) async -> [Resource] {
        let resources =
            skills.resources(of: user, after: last, atMost: count) + (await artifacts(of: user)).map(Self.resource)
        return resources.sorted { $0.uri < $1.uri }
    }

    /// Returns the artifacts of `user`, with their names as clients may see them; empty if the user's sandbox isn't
    /// running.
    func artifacts(of user: UserID) async -> [Artifact] {
        let listed = try? await pool.withRunningSandbox(of: user) { try await $0.artifacts() }
        guard let privateData else { return listed ?? [] }
        return (listed ?? []).map { privateData.redacted($0, of: user) }
    }

    /// Reads a resource. For an artifact, starts the user's sandbox if necessary.
    ///
    /// - Throws: the error that answers the request.
    func read(_ uri: String, of user: UserID, in revision: Revision) async throws(RPCError) -> ResourceContents {
        guard let resource = ResourceURI(uri) else {
            throw .resourceNotFound(
                uri,
                """
                No such resource: \(uri.prefix(300)). URIs here are \(ResourcePrefix.skill)NAME/PATH and \
                \(ResourcePrefix.artifact)NAME.
                """, revision)
        }
        do {
            return try await content(of: resource, at: uri, user)
        } catch let error as ExecError where error.code == .notFound || error.code == .refused {
            throw .resourceNotFound(uri, error.message, revision)
        } catch {
            throw .internalError("\(error)")
        }
    }

    private func content(of resource: ResourceURI, at uri: String, _ user: UserID) async throws -> ResourceContents {
        switch resource {
        case .artifact(let name):
            let content = try await pool.withSandbox(of: user) { try await $0.artifactContent(name) }
            // The bytes are returned as requested. But hosts show models everything that has the media type of an
            // image, and model APIs reject a broken image together with the whole conversation.
            let type = content.isBrokenPicture ? MediaType.unknown : MediaType.of(content.bytes, named: name)
            return ResourceContents(uri: uri, mediaType: type, bytes: content.bytes)
        case .skill(let name, let path):
            guard let file = path.last, let skill = skills.skill(named: name, of: user) else {
                throw ExecError(.notFound, "No such skill file: \(resource.text.prefix(300)).")
            }
            let bytes = try skill.read(path.joined(separator: "/"))
            return ResourceContents(
                uri: uri, mediaType: MediaType.of(bytes, named: file),
                bytes: privateData?.redacted(bytes, of: skill, for: user) ?? bytes)
        }
    }

    private static func resource(_ artifact: Artifact) -> Resource {
        Resource(
            uri: ResourceURI.artifact(name: artifact.name).text, name: artifact.name,
            mediaType: MediaType.ofFile(named: artifact.name), size: artifact.size, modified: artifact.modified)
    }
}

extension RPCError {
    /// The error for a missing resource. The code depends on the revision (2026-07-28, changelog); the data contains
    /// the URI in all revisions.
    static func resourceNotFound(_ uri: String, _ message: String, _ revision: Revision) -> RPCError {
        RPCError(code: revision.resourceNotFoundCode, message: message, data: ["uri": .string(uri)])
    }
}
