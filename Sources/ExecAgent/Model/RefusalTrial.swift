import JSON
import OpenAI

/// Tests which change makes a request acceptable that an endpoint refuses without saying why: step by step, each step
/// on its own.
struct RefusalTrial {
    /// Maximum number of steps: each is a request.
    private static let maxSteps = 32
    /// Maximum number of parameters, and of tools, to leave out one by one.
    private static let maxSingles = 8
    /// Maximum number of useless steps to remember for a model.
    private static let maxKeys = 256

    /// The request that was refused.
    private let form: RequestForm
    private var steps: ArraySlice<[Remedy]>

    /// - Parameters:
    ///   - form: the refused request.
    ///   - failures: how often the request failed before.
    /// - Returns: `nil` if there is nothing to try.
    init?(
        _ refusal: UpstreamError, of form: RequestForm, _ request: ChatRequest, _ rules: EndpointRules,
        afterFailures failures: Int
    ) {
        self.form = form
        var all: [[Remedy]] = []
        if refusal.mayBeOfPictures(afterFailures: failures) { all.append([.noPictures]) }
        if refusal.givesNoReason { all += Self.steps(form, request, refusal) }
        var seen = rules.uselessSteps
        let kept = all.compactMap { remedies -> [Remedy]? in
            let changing = remedies.filter { $0.changes(form, rules) }
            guard changing.count == remedies.count || changing.count > 1 else { return nil }
            return seen.insert(Self.key(changing, form)).inserted ? changing : nil
        }
        steps = kept.prefix(Self.maxSteps)
        if steps.isEmpty { return nil }
    }

    /// The steps in order: what loses nothing comes first, what loses most last.
    private static func steps(_ form: RequestForm, _ request: ChatRequest, _ refusal: UpstreamError) -> [[Remedy]] {
        let parameters = form.optionalParameters.sorted().map(Remedy.noParameter)
        var steps: [[Remedy]] = []
        // A router may reach another provider the next time.
        if refusal.mentions(["provider", "upstream"]) { steps.append([]) }
        let early: [Remedy] = [
            .noStreamOptions, .plainSchemas, .noExtraMembers, .noNames, .namedResults, .noEmptyText, .shortIDs,
            .singleCalls,
            .bridgedOrder, .newTokenLimit,
        ]
        let late: [Remedy] = [.signatures, .oldReasoning, .noSystem, .noStream]
        for remedy in early + parameters.prefix(maxSingles) + late { steps.append([remedy]) }
        let harmless: [Remedy] = [
            .noStreamOptions, .plainSchemas, .noExtraMembers, .noNames, .namedResults, .noEmptyText, .singleCalls,
            .bridgedOrder,
        ]
        steps.append(harmless)
        for name in oddestFirst(request.tools, form).prefix(maxSingles) { steps.append([.noTool(name)]) }
        let all: [Remedy] = harmless + parameters + [.noPictures]
        steps.append(all)
        steps.append([.toolsAsText])
        steps.append([.callsAsText])
        steps.append([.toolsAsText] + all.filter { $0 != .plainSchemas })
        return steps
    }

    /// What is being tried; empty for the request as it was.
    private var remedies: [Remedy] { steps.first ?? [] }

    /// The rules with what is being tried.
    func rules(from rules: EndpointRules) -> EndpointRules {
        var rules = rules
        for remedy in remedies where remedy != .noPictures { remedy.apply(to: &rules, form) }
        return rules
    }

    var hidesPictures: Bool { remedies.contains(.noPictures) }

    /// Keeps what helped.
    func adopt(_ rules: inout EndpointRules) {
        for remedy in remedies { remedy.apply(to: &rules, form) }
    }

    /// Says what helped; `nil` if nothing was changed.
    var notice: String? {
        if remedies == [.noPictures] { return Endpoint.picturesNotice }
        guard !remedies.isEmpty else { return nil }
        let words = remedies.map { $0.words(form) }.joined(separator: "; ")
        return "the model's API refuses the request without a reason and accepts it with these changes, which are kept:"
            + " \(words)"
    }

    /// Returns the trial at its next step, after one that hasn't helped; `nil` after the last step.
    ///
    /// - Parameter rules: remembers the step, so that it is not tried again.
    func next(_ rules: inout EndpointRules) -> RefusalTrial? {
        // A picture may be accepted where another one is not.
        if !hidesPictures, !remedies.isEmpty, rules.uselessSteps.count < Self.maxKeys {
            rules.uselessSteps.insert(Self.key(remedies, form))
        }
        var next = self
        next.steps = steps.dropFirst()
        return next.steps.isEmpty ? nil : next
    }

    private static func key(_ remedies: [Remedy], _ form: RequestForm) -> String {
        remedies.map { $0.key(form) }.joined(separator: "; ")
    }

    // MARK: - Odd tools

    /// Returns the tools of the request, those first whose schemas differ most from usual ones.
    private static func oddestFirst(_ tools: [FunctionTool], _ form: RequestForm) -> [String] {
        let known = Set(form.toolNames)
        let odd = tools.filter { known.contains($0.name) }.map { ($0.name, oddity($0)) }
        return odd.sorted { $0.1 > $1.1 }.map { $0.0 }
    }

    private static func oddity(_ tool: FunctionTool) -> Int {
        let schema = ToolSchema.plain(tool.parameters)
        let lengths = tool.name.count / 48 + tool.description.utf8.count / 1000 + schema.serialized().count / 4000
        return lengths + oddNames(schema) * 10 + depth(schema) / 4
    }

    private static func oddNames(_ schema: JSON) -> Int {
        (schema["properties"]?.objectValue ?? JSONObject()).reduce(0) { sum, property in
            let isUsual =
                1...64 ~= property.key.utf8.count
                && property.key.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
            return sum + (isUsual ? 0 : 1) + oddNames(property.value)
        } + (schema["items"].map(oddNames) ?? 0)
    }

    private static func depth(_ schema: JSON) -> Int {
        let properties = (schema["properties"]?.objectValue ?? JSONObject()).map { depth($0.value) }
        return 1 + max(properties.max() ?? 0, schema["items"].map(depth) ?? 0)
    }
}
