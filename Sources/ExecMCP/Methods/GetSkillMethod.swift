import ExecCore
import JSON
import JSONRPC
import MCP

/// `skills/get`: returns one skill in the same form, named by the URI of its `SKILL.md`.
struct GetSkillMethod: Method {
    let name = "skills/get"
    let era = MethodEra.modern
    let skills: SkillLibrary
    let defaultUser: DefaultUser

    func answer(_ request: Request, _ context: RequestContext) throws(RPCError) -> MethodReply {
        let uri = try request.uri()
        let user = try context.user(default: defaultUser)
        return .deferred { _ in
            guard case .skill(let skillName, [SkillFiles.mainFile]) = ResourceURI(uri),
                let skill = skills.skill(named: skillName, of: user), let entry = skills.entry(skill)
            else {
                throw RPCError.resourceNotFound(uri, "No such skill: \(uri.prefix(300)).", context.revision)
            }
            var result: JSONObject = ["skill": entry]
            result["_meta"] = skills.provenance(of: [skill])
            return result.asResult(for: context.revision, from: ServerIdentity.implementation, cache: .dynamic)
        }
    }
}
