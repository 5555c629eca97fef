import MCPClient

/// What a modern server asks during a call: such a server asks in its response.
struct ModernCallQuestions: ElicitationHandler {
    let modes: Set<Elicitation.Mode>
    let server: String
    /// The call's questions; `nil` if nobody can be asked.
    let questions: CallQuestions?

    func answer(_ elicitation: Elicitation) async -> ElicitationAnswer {
        await questions?.answer(elicitation, from: server) ?? .cancel
    }
}
