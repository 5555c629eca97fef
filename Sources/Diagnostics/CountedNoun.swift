extension Int {
    /// Returns the number with what it counts: `1 tool`, `2 tools`.
    ///
    /// - Parameters:
    ///   - noun: one of them.
    ///   - plural: several; by default the noun with an `s`.
    public func counted(_ noun: String, _ plural: String? = nil) -> String {
        "\(self) \(self == 1 ? noun : plural ?? noun + "s")"
    }
}
