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
    let defaultUser: DefaultUser

    func answer(_ request: Request, _ context: RequestContext) throws(RPCError) -> MethodReply {
        let user = try context.user(default: defaultUser)
        return .deferred { _ in
            let cursor = request["cursor"]
            let listed = skills.listedSkills(of: user, isNextPage: cursor != nil)
            let page = try Page(of: name, listed, key: \.name, cursor: cursor, size: Self.pageSize)
            var result = page.members("skills", skills.entry)
            result["_meta"] = skills.provenance(of: page.elements)
            return result.asResult(for: context.revision, from: ServerIdentity.implementation, cache: .dynamic)
        }
    }
}
