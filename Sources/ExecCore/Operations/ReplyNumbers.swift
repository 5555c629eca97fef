import JSON

extension JSON {
    /// The number, if it is one that a guest may have counted: from 0 to 2⁵³. Sums of two of these cannot overflow.
    var countValue: Int? {
        guard let number = integerValue, (0...Sandbox.largestCount).contains(number) else { return nil }
        return number
    }
}

extension Sandbox {
    /// What no count of a guest exceeds: more than a file can have bytes.
    static let largestCount = 1 << 53
}
