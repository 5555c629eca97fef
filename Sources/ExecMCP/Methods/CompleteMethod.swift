import ExecCore
import JSON
import JSONRPC
import MCP

/// `completion/complete`: suggests values for the variables of the resource templates (server/utilities/completion).
struct CompleteMethod: Method {
    /// The maximum number of values in an answer.
    private static let maxCount = 100

    let name = "completion/complete"
    let catalog: ResourceCatalog
    let defaultUser: DefaultUser

    func answer(_ request: Request, _ context: RequestContext) throws(RPCError) -> MethodReply {
        let argument = try argument(of: request)
        let user = try context.user(default: defaultUser)
        switch request["ref"]?["type"]?.stringValue {
        case "ref/prompt":
            let prompt = request["ref"]?["name"]?.stringValue ?? ""
            guard prompt == PromptName.agentSystem else {
                throw .invalidParams("Unknown prompt \(prompt.prefix(100)). The prompt is: \(PromptName.agentSystem).")
            }
            return .immediate(result([], context))
        case "ref/resource":
            let template = request["ref"]?["uri"]?.stringValue ?? ""
            let skill = request["context"]?["arguments"]?["skill"]?.stringValue
            switch (template, argument.name) {
            case (ResourceCatalog.skillTemplate, "skill"):
                return .deferred { _ in
                    result(matching(argument.value, catalog.skills.skills(of: user).map(\.name)), context)
                }
            case (ResourceCatalog.skillTemplate, "path"):
                return .deferred { _ in result(matching(argument.value, paths(of: skill, for: user)), context) }
            case (ResourceCatalog.artifactTemplate, "name"):
                return .deferred { _ in
                    result(matching(argument.value, await catalog.artifacts(of: user).map(\.name)), context)
                }
            case (ResourceCatalog.skillTemplate, _), (ResourceCatalog.artifactTemplate, _):
                throw .invalidParams("The template \(template) has no variable \(argument.name.prefix(100)).")
            default:
                throw .invalidParams(
                    """
                    Unknown resource template \(template.prefix(300)). The templates are: \
                    \(ResourceCatalog.templates.map(\.uriTemplate).joined(separator: ", ")).
                    """)
            }
        default:
            throw .invalidParams("ref must have a type, ref/resource or ref/prompt.")
        }
    }

    private func argument(of request: Request) throws(RPCError) -> (name: String, value: String) {
        guard let name = request["argument"]?["name"]?.stringValue,
            let value = request["argument"]?["value"]?.stringValue
        else { throw .invalidParams("completion/complete needs argument, with name and value, both strings.") }
        return (name, value)
    }

    /// Returns the paths in the skill that the request's context names, or in all skills if it names none.
    private func paths(of skill: String?, for user: UserID) -> [String] {
        let skills = catalog.skills.skills(of: user).filter { skill == nil || $0.name == skill }
        return Set(skills.flatMap { $0.files().files.map(\.path) }).sorted()
    }

    private func matching(_ start: String, _ candidates: [String]) -> [String] {
        let start = start.lowercased()
        return candidates.filter { $0.lowercased().hasPrefix(start) }.sorted()
    }

    private func result(_ values: [String], _ context: RequestContext) -> JSONObject {
        let shown = values.prefix(Self.maxCount)
        let result: JSONObject = [
            "completion": [
                "values": .array(shown.map(JSON.string)), "total": .integer(values.count),
                "hasMore": .bool(shown.count < values.count),
            ]
        ]
        return result.asResult(for: context.revision, from: ServerIdentity.implementation)
    }
}
