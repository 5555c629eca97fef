import Bridge
import Diagnostics
import ExecCore

/// The tool servers that code in a user's sandboxes can call, beside what approved skills need of them.
struct SkillRequirements: Sendable {
    private static let shownTools = 3

    private let declarations: [ServerDeclaration]

    init(_ declarations: [ServerDeclaration]) {
        self.declarations = declarations
    }

    /// Why a skill with these requirements may not work any more, as a predicate about the skill; `nil` if nothing
    /// speaks against it. Servers whose tools aren't known yet don't.
    func staleReason(of requirements: [SkillRequirement]) -> String? {
        requirements.lazy.compactMap(staleReason).first
    }

    private func staleReason(of requirement: SkillRequirement) -> String? {
        let name = (requirement.server ?? requirement.module).singleLine(limit: 64)
        let declaration = declarations.first { declaration in
            requirement.server.map { $0 == declaration.server } ?? (declaration.module == requirement.module)
        }
        guard let declaration else { return "needs the MCP server \(name), which is not configured here" }
        guard declaration.module == requirement.module else {
            return "imports servers.\(requirement.module.singleLine(limit: 64)), which has another name here"
        }
        guard let functions = declaration.functions else { return nil }
        let now = Dictionary(functions.values.map { ($0.tool, $0.digest) }) { first, _ in first }
        let changed = requirement.tools.keys.sorted().filter { now[$0] != requirement.tools[$0] }
        guard changed.isEmpty else {
            return "uses tools of the MCP server \(name) that have changed or are gone since it was approved: "
                + Self.list(changed)
        }
        guard let missing = requirement.missing else { return nil }
        let appeared = missing.filter { functions[$0] != nil || now[$0] != nil }
        guard appeared.isEmpty else {
            return "uses tools of the MCP server \(name) that were unknown when it was approved: \(Self.list(appeared))"
        }
        // It may use any.
        guard requirement.tools.isEmpty, missing.isEmpty, !now.isEmpty else { return nil }
        return "uses tools of the MCP server \(name), of which none was known when it was approved"
    }

    private static func list(_ tools: [String]) -> String {
        let rest = tools.count > shownTools ? " and \(tools.count - shownTools) more" : ""
        return tools.prefix(shownTools).map { $0.singleLine(limit: 64) }.joined(separator: ", ") + rest
    }

    /// What code requires that imports these modules, and which of them aren't known here.
    ///
    /// - Parameters:
    ///   - imports: the functions that the code uses of each module; `nil` for a module of which it may use any.
    ///   - isPinned: whether the servers were looked at, so that what they don't have is known as well.
    func requirements(of imports: [String: Set<String>?], isPinned: Bool = true) -> [SkillRequirement] {
        imports.keys.sorted().map { module in
            // `call_tool` takes the name of the server, an import that of the module.
            let declaration = declarations.first { $0.module == module || $0.server == module }
            var tools: [String: String] = [:]
            let used = imports[module] ?? nil
            var missing = used ?? []
            for (name, function) in declaration?.functions ?? [:] {
                if let used, !used.contains(name), !used.contains(function.tool) { continue }
                tools[function.tool] = function.digest
                missing.subtract([name, function.tool])
            }
            return SkillRequirement(
                module: declaration?.module ?? module, server: declaration?.server, tools: tools,
                missing: isPinned ? missing.sorted() : nil)
        }
    }
}
