import JSON

extension JSON {
    /// The number, if it is a plausible count by a guest: from 0 to 2⁵³. Sums of two of these cannot overflow.
    var countValue: Int? {
        guard let number = integerValue, (0...Sandbox.largestCount).contains(number) else { return nil }
        return number
    }
}

extension Sandbox {
    /// The upper bound of every count by a guest: more bytes than a file can have.
    static let largestCount = 1 << 53
}
