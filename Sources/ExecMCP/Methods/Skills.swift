import ExecCore
import JSON
import JSONRPC
import MCP

/// `skills/list`: returns every skill with its front matter and the digests of its files
/// (`io.modelcontextprotocol/skills`).
struct ListSkillsMethod: Method {
    /// Small, because an entry may name 512 files.
    private static let pageSize = 25

    let name = "skills/list"
    let era = MethodEra.modern
    let skills: SkillLibrary

    func answer(_ request: Request, _ context: RequestContext) -> MethodReply {
        .deferred { _ in
            let cursor = request["cursor"]
            let listed = skills.listedSkills(isNextPage: cursor != nil)
            let page = try Page(of: name, listed, key: \.name, cursor: cursor, size: Self.pageSize)
            let result = page.members("skills", skills.entry)
            return result.asResult(for: context.revision, from: ServerIdentity.implementation, cache: .dynamic)
        }
    }
}

/// `skills/get`: returns one skill in the same form, named by the URI of its `SKILL.md`.
struct GetSkillMethod: Method {
    let name = "skills/get"
    let era = MethodEra.modern
    let skills: SkillLibrary

    func answer(_ request: Request, _ context: RequestContext) throws(RPCError) -> MethodReply {
        let uri = try request.uri()
        return .deferred { _ in
            guard case .skill(let skillName, [SkillFiles.mainFile]) = ResourceURI(uri),
                let skill = skills.skill(named: skillName), let entry = skills.entry(skill)
            else {
                throw RPCError.resourceNotFound(uri, "There is no skill \(uri.prefix(300)).", context.revision)
            }
            let result: JSONObject = ["skill": entry]
            return result.asResult(for: context.revision, from: ServerIdentity.implementation, cache: .dynamic)
        }
    }
}
