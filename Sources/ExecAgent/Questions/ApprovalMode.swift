/// What happens when a tool server asks the person who uses the agent.
enum ApprovalMode: String, Sendable, CaseIterable {
    /// Servers learn that nobody can be asked, and refuse by themselves what needs a person.
    case never
    /// The person is asked.
    case ask
    /// The person who started a run on the page is asked there. In any other run, servers learn that nobody can be asked.
    case page
    /// What needs approval is approved; other questions are put to the person, if that is possible.
    case always
}
