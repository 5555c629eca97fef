import ExecCore
import JSON
import JSONRPC
import MCP

/// What can be read by URI: the files of the skills, and the artifacts of a user.
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

    /// What `user` can read now, in the order of the URIs: all artifacts, and of the skills' files no more than `count` of
    /// those after the URI `last`. No sandbox is started for it: where the user's is not up, the artifacts in it are not
    /// shown.
    func resources(of user: UserID, after last: String?, atMost count: Int) async -> [Resource] {
        let resources = skills.resources(after: last, atMost: count) + (await artifacts(of: user)).map(Self.resource)
        return resources.sorted { $0.uri < $1.uri }
    }

    /// The artifacts of `user`; none where the user's sandbox is not up.
    func artifacts(of user: UserID) async -> [Artifact] {
        let listed = try? await pool.withRunningSandbox(of: user) { try await $0.artifacts() }
        return listed ?? []
    }

    /// Reads one resource. For an artifact the user's sandbox is started if need be.
    ///
    /// - Throws: the error that the request gets.
    func read(_ uri: String, of user: UserID, in revision: Revision) async throws(RPCError) -> ResourceContents {
        guard let resource = ResourceURI(uri) else {
            throw .resourceNotFound(
                uri,
                """
                There is no resource \(uri.prefix(300)). URIs here are \(ResourcePrefix.skill)NAME/PATH and \
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
            // The bytes are what was asked for. But hosts show models what is called a picture, and half of one is refused
            // with the whole conversation.
            let type = content.isBrokenPicture ? MediaType.unknown : MediaType.of(content.bytes, named: name)
            return ResourceContents(uri: uri, mediaType: type, bytes: content.bytes)
        case .skill(let name, let path):
            guard let file = path.last, let skill = skills.skill(named: name) else {
                throw ExecError(.notFound, "There is no skill file \(resource.text.prefix(300)).")
            }
            let bytes = try skill.read(path.joined(separator: "/"))
            return ResourceContents(uri: uri, mediaType: MediaType.of(bytes, named: file), bytes: bytes)
        }
    }

    private static func resource(_ artifact: Artifact) -> Resource {
        Resource(
            uri: ResourceURI.artifact(name: artifact.name).text, name: artifact.name,
            mediaType: MediaType.ofFile(named: artifact.name), size: artifact.size, modified: artifact.modified)
    }
}

extension RPCError {
    /// The answer to a request for a resource that there is not: its code differs by revision (2026-07-28, changelog),
    /// the URI is in the data in all.
    static func resourceNotFound(_ uri: String, _ message: String, _ revision: Revision) -> RPCError {
        RPCError(code: revision.resourceNotFoundCode, message: message, data: ["uri": .string(uri)])
    }
}
